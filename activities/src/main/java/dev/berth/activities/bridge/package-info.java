/** The door's control stream: connections of bridges, frames in, commands out. */
@NullMarked
package dev.berth.activities.bridge;

import org.jspecify.annotations.NullMarked;
