/** What clients may do with sessions: open, resume, send, interrupt. */
@NullMarked
package dev.berth.api.session;

import org.jspecify.annotations.NullMarked;
