/** Recorded histories against today's workflow code. */
@NullMarked
package dev.berth.tests.replay;

import org.jspecify.annotations.NullMarked;
