@NullMarked
package dev.berth.activities.turn;

import org.jspecify.annotations.NullMarked;
