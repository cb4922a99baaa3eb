/** Token counts by a rule of our own, and a prompt cache that is simulated from it. */
@NullMarked
package dev.berth.practicemodel.tokens;

import org.jspecify.annotations.NullMarked;
