@NullMarked
package dev.berth.practicemodel.tokens;

import org.jspecify.annotations.NullMarked;
