package dev.berth.standalone.platform;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.ACCOUNT_KEYS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.db.DatabaseAddress;
import dev.berth.db.Migrations;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** Brings the database to today's schema and puts the first account and project in it. */
final class Bootstrap {
  private static final String ACCOUNT = "local";

  private Bootstrap() {}

  static void prepare(DatabaseAddress database, Secrets secrets) {
    try (var pool = database.open("berth-bootstrap")) {
      Migrations.apply(pool);
      var db = DSL.using(pool, SQLDialect.POSTGRES);
      db.insertInto(ACCOUNTS)
          .set(ACCOUNTS.ACCOUNT_ID, ACCOUNT)
          .set(ACCOUNTS.NAME, "This machine")
          .onConflictDoNothing()
          .execute();
      db.insertInto(ACCOUNT_KEYS)
          .set(ACCOUNT_KEYS.KEY_HASH, sha256(secrets.accountKey()))
          .set(ACCOUNT_KEYS.ACCOUNT_ID, ACCOUNT)
          .onConflictDoNothing()
          .execute();
      db.insertInto(PROJECTS)
          .set(PROJECTS.PROJECT_ID, secrets.projectId())
          .set(PROJECTS.ACCOUNT_ID, ACCOUNT)
          .set(PROJECTS.NAME, "first")
          .set(PROJECTS.HMAC_KEY, secrets.hmacKey())
          .onConflictDoNothing()
          .execute();
    }
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
