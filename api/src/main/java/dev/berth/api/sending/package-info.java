/** What a client does with sessions over HTTP: open, send, withdraw, interrupt, close. */
@NullMarked
package dev.berth.api.sending;

import org.jspecify.annotations.NullMarked;
