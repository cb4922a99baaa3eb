package dev.berth.protocol.bridge;

import java.time.Duration;

/** Numbers that both ends of the door agree on. */
public final class BridgeProtocol {
  /** Sent in {@code hello} and {@code attach}; ends with different versions do not talk. */
  public static final int VERSION = 1;

  /** Each side says something at least this often. */
  public static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** Without a word for this long, the connection is taken for dead and made anew. */
  public static final Duration SILENCE = Duration.ofSeconds(3);

  /** The longest line; a larger one ends the connection. A user message may hold 48 MiB. */
  public static final int MAX_LINE_BYTES = 64 * 1024 * 1024;

  /** The names of the sockets in the door directory. */
  public static final String CONTROL_SOCKET = "control.sock";

  public static final String MODEL_SOCKET = "model.sock";
  public static final String EGRESS_SOCKET = "egress.sock";

  private BridgeProtocol() {}
}
