/**
 * Sandboxes of this host: the runtime that makes them, and the living ones that this worker holds.
 */
@NullMarked
package dev.berth.activities.sandbox;

import org.jspecify.annotations.NullMarked;
