package dev.berth.activities;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * An object store that takes a write when a test lets it, as one that is slow does, and refuses
 * them while it is told to be away. It keeps no content: it notes the keys in the order in which
 * they were stored.
 */
public final class HeldObjects implements AutoCloseable {
  private static final int AWAY = 503;
  private static final int OK = 200;

  private final HttpServer server;
  private final ObjectStore store;
  private final Semaphore writes = new Semaphore(0);
  private final List<String> stored = new ArrayList<>();
  private volatile boolean away;

  public HeldObjects() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
    store =
        new ObjectStore(
            new ObjectStorage(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                "us-east-1",
                "berth",
                "key",
                "secret"));
  }

  public ObjectStore store() {
    return store;
  }

  /** Lets this many writes through. */
  public void allow(int number) {
    writes.release(number);
  }

  public void beAway(boolean now) {
    away = now;
  }

  /** The last part of each key, in the order in which they were stored. */
  public synchronized List<String> stored() {
    return List.copyOf(stored);
  }

  @Override
  public void close() {
    store.close();
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      if (away) {
        exchange.sendResponseHeaders(AWAY, -1);
        return;
      }
      writes.acquire();
      var path = exchange.getRequestURI().getPath();
      synchronized (this) {
        stored.add(path.substring(path.lastIndexOf('/') + 1));
      }
      exchange.sendResponseHeaders(OK, -1);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
