/** What compares the sandboxes that exist with those that should, and removes the difference. */
@NullMarked
package dev.berth.workflows.reconcile;

import org.jspecify.annotations.NullMarked;
