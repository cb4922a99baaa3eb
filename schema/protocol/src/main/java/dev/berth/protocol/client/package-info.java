/**
 * Frames of the WebSocket that published clients speak, and the options of a session. The names are
 * theirs.
 */
@NullMarked
package dev.berth.protocol.client;

import org.jspecify.annotations.NullMarked;
