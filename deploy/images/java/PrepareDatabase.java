package dev.berth.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.db.DatabaseAddress;
import dev.berth.db.Migrations;
import dev.berth.protocol.Secret;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.SQLException;

/**
 * Brings Berth's database to the schema of this version, and puts the first account and project in it
 * unless they are there: what standalone does by itself when it starts.
 */
public final class PrepareDatabase {
  private static final String ACCOUNT = "local";

  private PrepareDatabase() {}

  public static void main(String[] args) throws Exception {
    var address =
        new DatabaseAddress(
            setting("DATABASE_URL"),
            setting("DATABASE_USER"),
            new Secret(setting("DATABASE_PASSWORD")),
            2);
    try (var pool = address.open("berth-database")) {
      Migrations.apply(pool);
      try (var connection = pool.getConnection()) {
        insert(
            connection,
            "insert into accounts (account_id, name) values (?, ?) on conflict do nothing",
            ACCOUNT,
            "This deployment");
        insert(
            connection,
            "insert into account_keys (key_hash, account_id) values (?, ?) on conflict do nothing",
            MessageDigest.getInstance("SHA-256").digest(setting("ACCOUNT_KEY").getBytes(UTF_8)),
            ACCOUNT);
        insert(
            connection,
            "insert into projects (project_id, account_id, name, hmac_key) values (?, ?, ?, ?)"
                + " on conflict do nothing",
            setting("PROJECT_ID"),
            ACCOUNT,
            "first",
            setting("PROJECT_HMAC_KEY"));
      }
    }
    System.out.println("The database is ready.");
  }

  private static void insert(Connection connection, String sql, Object... values)
      throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      for (var i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  private static String setting(String name) {
    var value = System.getenv(name);
    if (value == null || value.isBlank()) {
      System.err.println(name + " is not set (expected: as deploy/init-env writes it)");
      System.exit(2);
    }
    return value;
  }
}
