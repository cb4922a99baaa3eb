package dev.berth.api.events;

import dev.berth.db.DatabaseAddress;
import dev.berth.protocol.SessionId;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that a session has a host now. They only spare a wait: without them, readers look again
 * by themselves.
 */
public final class HostNotices implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostNotices.class);

  private static final String LISTEN = "listen berth_host";
  private static final Duration RECONNECT = Duration.ofSeconds(1);
  private static final int WAIT_MILLIS = 10_000;

  private final DatabaseAddress database;
  private final Map<String, Runnable> listeners = new ConcurrentHashMap<>();
  private final Thread listener;
  private volatile boolean closed;

  public HostNotices(DatabaseAddress database) {
    this.database = database;
    this.listener = Thread.ofPlatform().daemon().name("host-notices").start(this::listen);
  }

  /** From now on the listener is run, in the listening thread, for each notice of the session. */
  void register(SessionId session, Runnable listener) {
    listeners.put(session.value(), listener);
  }

  void unregister(SessionId session, Runnable listener) {
    listeners.remove(session.value(), listener);
  }

  @Override
  public void close() {
    closed = true;
    listener.interrupt();
  }

  private void listen() {
    while (!closed) {
      try (var connection = connect()) {
        while (!closed) {
          var notices = connection.unwrap(PGConnection.class).getNotifications(WAIT_MILLIS);
          for (var notice : notices == null ? new PGNotification[0] : notices) {
            listeners.getOrDefault(notice.getParameter(), () -> {}).run();
          }
        }
      } catch (SQLException away) {
        LOG.atDebug().log("no notices from the database: {}", away.getMessage());
        pause();
      }
    }
  }

  private Connection connect() throws SQLException {
    var connection =
        DriverManager.getConnection(database.url(), database.user(), database.password().value());
    try (var statement = connection.createStatement()) {
      statement.execute(LISTEN);
    }
    return connection;
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(RECONNECT.toMillis());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
