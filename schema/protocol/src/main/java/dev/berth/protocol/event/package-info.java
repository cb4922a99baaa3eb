/**
 * The event log of a session as clients and other parts read it: an envelope with a number, and
 * what happened.
 */
@NullMarked
package dev.berth.protocol.event;

import org.jspecify.annotations.NullMarked;
