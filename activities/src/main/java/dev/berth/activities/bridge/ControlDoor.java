package dev.berth.activities.bridge;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control socket of one sandbox: the bridge dials it, again and again if it must. */
public final class ControlDoor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlDoor.class);

  private final ServerSocketChannel server;

  private ControlDoor(ServerSocketChannel server) {
    this.server = server;
  }

  /**
   * Listens on a socket and gives each connection to the handler, in a thread of its own.
   *
   * @param socket replaced when it exists, as a worker that died leaves it behind
   * @param owner user id that may connect
   */
  public static ControlDoor open(Path socket, int owner, Consumer<BridgeConnection> handler) {
    try {
      Files.deleteIfExists(socket);
      var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      server.bind(UnixDomainSocketAddress.of(socket));
      Files.setAttribute(socket, "unix:uid", owner);
      var door = new ControlDoor(server);
      Thread.ofVirtual().name("door " + socket.getParent()).start(() -> door.accept(handler));
      return door;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot listen on " + socket, failed);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException closing) {
      LOG.atDebug().setCause(closing).log("closing a door");
    }
  }

  private void accept(Consumer<BridgeConnection> handler) {
    while (server.isOpen()) {
      try {
        var connection = new BridgeConnection(server.accept());
        Thread.ofVirtual().name("bridge").start(() -> handler.accept(connection));
      } catch (IOException over) {
        if (server.isOpen()) {
          LOG.atWarn().setCause(over).log("a door cannot accept");
        }
        return;
      }
    }
  }
}
