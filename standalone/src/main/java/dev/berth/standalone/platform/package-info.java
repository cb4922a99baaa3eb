/** The parts of a platform on one machine, started, watched and stopped together. */
@NullMarked
package dev.berth.standalone.platform;

import org.jspecify.annotations.NullMarked;
