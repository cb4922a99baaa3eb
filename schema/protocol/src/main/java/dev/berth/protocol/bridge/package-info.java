/**
 * What passes the door between a worker and the bridge in a sandbox: one JSON object a line, {@code
 * BridgeCommand} inwards and {@code BridgeFrame} outwards.
 */
@NullMarked
package dev.berth.protocol.bridge;

import org.jspecify.annotations.NullMarked;
