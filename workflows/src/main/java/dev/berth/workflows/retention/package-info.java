/** What deletes that which is not kept any longer. */
@NullMarked
package dev.berth.workflows.retention;

import org.jspecify.annotations.NullMarked;
