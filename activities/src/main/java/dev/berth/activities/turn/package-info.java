/** Turns, as the worker carries them out. */
@NullMarked
package dev.berth.activities.turn;

import org.jspecify.annotations.NullMarked;
