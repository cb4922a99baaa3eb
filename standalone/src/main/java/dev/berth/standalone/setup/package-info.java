/** What a machine needs before a platform runs on it: found, or made. */
@NullMarked
package dev.berth.standalone.setup;

import org.jspecify.annotations.NullMarked;
