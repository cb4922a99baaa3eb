/** How many sessions of one developer work at the same time. */
@NullMarked
package dev.berth.workflows.permits;

import org.jspecify.annotations.NullMarked;
