/** The HTTP side of the door: to the model gateway, and the closed way out. */
@NullMarked
package dev.berth.activities.model;

import org.jspecify.annotations.NullMarked;
