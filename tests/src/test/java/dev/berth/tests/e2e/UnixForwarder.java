package dev.berth.tests.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A unix socket that passes everything to another one, until it is stopped; a Docker engine to
 * lose.
 */
final class UnixForwarder implements AutoCloseable {
  private final Path socket;
  private final Path target;
  private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
  private @Nullable ServerSocketChannel server;

  UnixForwarder(Path socket, Path target) {
    this.socket = socket;
    this.target = target;
  }

  synchronized void start() {
    try {
      Files.deleteIfExists(socket);
      var listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      listening.bind(UnixDomainSocketAddress.of(socket));
      server = listening;
      Thread.ofVirtual().start(() -> accept(listening));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  synchronized void stop() {
    try {
      if (server != null) {
        server.close();
      }
      Files.deleteIfExists(socket);
      for (var channel : open) {
        channel.close();
      }
      open.clear();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  @Override
  public void close() {
    stop();
  }

  private void accept(ServerSocketChannel listening) {
    try {
      while (true) {
        var near = listening.accept();
        var far = SocketChannel.open(UnixDomainSocketAddress.of(target));
        open.add(near);
        open.add(far);
        Thread.ofVirtual().start(() -> pass(near, far));
        Thread.ofVirtual().start(() -> pass(far, near));
      }
    } catch (IOException stopped) {
      return;
    }
  }

  private void pass(SocketChannel from, SocketChannel to) {
    var buffer = ByteBuffer.allocate(64 * 1024);
    try (from;
        to) {
      while (from.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          to.write(buffer);
        }
        buffer.clear();
      }
    } catch (IOException over) {
      return;
    } finally {
      open.remove(from);
      open.remove(to);
    }
  }
}
