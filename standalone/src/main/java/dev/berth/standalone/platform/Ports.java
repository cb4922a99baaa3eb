package dev.berth.standalone.platform;

import dev.berth.standalone.platform.PlatformOptions.Part;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;

/** Hands out ports of loopback: the one that was asked for, the usual one, or a free one. */
final class Ports {
  /** Below the ephemeral range; Temporal keeps its membership ports in 16 bits with a sign. */
  private static final int FIRST = 20_000;

  private static final int LAST = 32_000;

  private final PlatformOptions options;
  private final Set<Integer> given = new HashSet<>();
  private int next = FIRST + (int) (ProcessHandle.current().pid() % 5_000);

  Ports(PlatformOptions options) {
    this.options = options;
  }

  /** The port of a part. */
  int of(Part part) {
    var asked = options.port(part);
    if (asked != null && asked != 0) {
      if (!isFree(asked)) {
        throw new StartFailure(
            "Port %d for %s is taken.".formatted(asked, part),
            "Choose another one, or leave it out and a free one is taken; `ss -ltnp` shows who has it.");
      }
      given.add(asked);
      return asked;
    }
    if (asked == null && isFree(part.usual())) {
      given.add(part.usual());
      return part.usual();
    }
    return free();
  }

  /** Any free port. */
  int free() {
    while (next < LAST) {
      var port = next++;
      if (isFree(port)) {
        given.add(port);
        return port;
      }
    }
    throw new StartFailure(
        "No port between %d and %d is free.".formatted(FIRST, LAST),
        "End some of the servers on this machine.");
  }

  private boolean isFree(int port) {
    if (given.contains(port)) {
      return false;
    }
    try (var probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (IOException taken) {
      return false;
    }
  }
}
