package dev.berth.db;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.berth.protocol.Secret;
import java.time.Duration;

/**
 * Where the database is.
 *
 * @param url as JDBC has it, {@code jdbc:postgresql://host:port/name}
 * @param connections the most that one process holds
 */
public record DatabaseAddress(String url, String user, Secret password, int connections) {
  /** A caller that gets no connection in this time reports it, rather than to wait on. */
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** No statement takes as long; the largest delete a page of a log. */
  private static final Duration SILENCE = Duration.ofMinutes(2);

  /** Transactions are a few statements each, and wait for nothing else. */
  private static final Duration IDLE = Duration.ofSeconds(20);

  public DatabaseAddress {
    requireNonNull(url, "url");
    requireNonNull(user, "user");
    requireNonNull(password, "password");
    if (connections < 1) {
      throw new IllegalArgumentException("connections: " + connections + " (expected: > 0)");
    }
  }

  /**
   * Opens a pool; it connects when it is first used, so that a database may come up later. A server
   * that has gone without a word is given up after {@link #SILENCE}; a transaction of a program
   * that has gone without a word loses its locks after {@link #IDLE}.
   */
  public HikariDataSource open(String application) {
    var config = config(application);
    config.addDataSourceProperty("socketTimeout", SILENCE.toSeconds());
    config.addDataSourceProperty(
        "options", "-c idle_in_transaction_session_timeout=" + IDLE.toMillis());
    return new HikariDataSource(config);
  }

  /** Opens a pool for statements that may take as long as they like, such as migrations. */
  public HikariDataSource openForMigrations(String application) {
    return new HikariDataSource(config(application));
  }

  private HikariConfig config(String application) {
    var config = new HikariConfig();
    config.setPoolName(application);
    config.setJdbcUrl(url);
    config.setUsername(user);
    config.setPassword(password.value());
    config.setMaximumPoolSize(connections);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(CONNECT.toMillis());
    config.setInitializationFailTimeout(-1);
    config.addDataSourceProperty("ApplicationName", application);
    config.addDataSourceProperty("tcpKeepAlive", true);
    return config;
  }
}
