/** Berth beside the bare Agent SDK, measured in one run. */
@NullMarked
package dev.berth.standalone.bench;

import org.jspecify.annotations.NullMarked;
