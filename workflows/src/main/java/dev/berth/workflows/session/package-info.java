/**
 * A session: the workflow that decides everything about one conversation, its state, and what may
 * be asked of it.
 */
@NullMarked
package dev.berth.workflows.session;

import org.jspecify.annotations.NullMarked;
