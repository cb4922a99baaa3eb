/**
 * The HTTP side of the door: to the model gateway, and the closed way out. And what becomes of
 * requests that the gateway did not live to account for.
 */
@NullMarked
package dev.berth.activities.model;

import org.jspecify.annotations.NullMarked;
