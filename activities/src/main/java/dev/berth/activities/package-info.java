/** The worker of a sandbox host. */
@NullMarked
package dev.berth.activities;

import org.jspecify.annotations.NullMarked;
