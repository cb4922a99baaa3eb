/** What {@code berth test} runs, and how it counts. */
@NullMarked
package dev.berth.standalone.testing;

import org.jspecify.annotations.NullMarked;
