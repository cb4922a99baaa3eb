package dev.berth.standalone.platform;

import dev.berth.standalone.platform.PlatformOptions.Part;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

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

  /**
   * Ports that stay the same from start to start, as far as they are free. A Temporal server that
   * comes back under other ports waits half a minute for its former self.
   */
  List<Integer> kept(Path file, int count) {
    try {
      var before =
          Files.exists(file)
              ? Files.readString(file).lines().map(Integer::valueOf).toList()
              : List.<Integer>of();
      var ports =
          Stream.iterate(0, index -> index < count, index -> index + 1)
              .map(index ->
                  index < before.size() && isFree(before.get(index)) ? before.get(index) : free())
              .toList();
      given.addAll(ports);
      Files.writeString(file, String.join("\n", ports.stream().map(String::valueOf).toList()));
      return ports;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
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
