/**
 * Ids, the problem catalogue and the one JSON mapper. What travels on a wire is in the
 * sub-packages: {@code client} (sockets and HTTP), {@code bridge} (the door of a sandbox), {@code
 * event} (the event log).
 */
@NullMarked
package dev.berth.protocol;

import org.jspecify.annotations.NullMarked;
