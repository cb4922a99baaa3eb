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

  public DatabaseAddress {
    requireNonNull(url, "url");
    requireNonNull(user, "user");
    requireNonNull(password, "password");
    if (connections < 1) {
      throw new IllegalArgumentException("connections: " + connections + " (expected: > 0)");
    }
  }

  /** Opens a pool; it connects when it is first used, so that a database may come up later. */
  public HikariDataSource open(String application) {
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
    return new HikariDataSource(config);
  }
}
