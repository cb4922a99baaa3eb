package dev.berth.api;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.ACCOUNT_KEYS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.db.DatabaseAddress;
import dev.berth.db.Migrations;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.Secret;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/**
 * Brings the database to the schema of this version and puts a first account and project in it.
 * Running it again changes nothing but what a newer version's migrations add.
 */
public final class PrepareDatabase {
  private static final String ACCOUNT = "local";

  /** Flyway holds its lock on one and migrates on the other. */
  private static final int CONNECTIONS = 2;

  private static final int FAILED = 2;

  private PrepareDatabase() {}

  /**
   * The first project.
   *
   * @param hmacKey signs the tokens of its end users
   * @param accountKey the account key of its developer; stored as its hash
   */
  public record FirstProject(ProjectId id, Secret hmacKey, Secret accountKey) {}

  public static void apply(DatabaseAddress database, FirstProject project) {
    try (var pool = database.openForMigrations("berth-prepare")) {
      Migrations.apply(pool);
      var db = DSL.using(pool, SQLDialect.POSTGRES);
      db.insertInto(ACCOUNTS)
          .set(ACCOUNTS.ACCOUNT_ID, ACCOUNT)
          .set(ACCOUNTS.NAME, "First account")
          .onConflictDoNothing()
          .execute();
      db.insertInto(ACCOUNT_KEYS)
          .set(ACCOUNT_KEYS.KEY_HASH, sha256(project.accountKey()))
          .set(ACCOUNT_KEYS.ACCOUNT_ID, ACCOUNT)
          .onConflictDoNothing()
          .execute();
      db.insertInto(PROJECTS)
          .set(PROJECTS.PROJECT_ID, project.id().value())
          .set(PROJECTS.ACCOUNT_ID, ACCOUNT)
          .set(PROJECTS.NAME, "First project")
          .set(PROJECTS.HMAC_KEY, project.hmacKey().value())
          .onConflictDoNothing()
          .execute();
    }
  }

  /**
   * As a one-shot: {@code DATABASE_URL}, {@code DATABASE_USER}, {@code DATABASE_PASSWORD}, {@code
   * PROJECT_ID}, {@code PROJECT_HMAC_KEY}, {@code ACCOUNT_KEY}. Ends with 2 when one is missing.
   */
  public static void main(String[] args) {
    System.exit(run(System.getenv()));
  }

  /** Gives the exit status. */
  static int run(Map<String, String> environment) {
    var missing = new TreeSet<String>();
    var database =
        new DatabaseAddress(
            value(environment, "DATABASE_URL", missing),
            environment.getOrDefault("DATABASE_USER", "berth"),
            new Secret(value(environment, "DATABASE_PASSWORD", missing)),
            CONNECTIONS);
    var id = value(environment, "PROJECT_ID", missing);
    var hmacKey = new Secret(value(environment, "PROJECT_HMAC_KEY", missing));
    var accountKey = new Secret(value(environment, "ACCOUNT_KEY", missing));
    if (!missing.isEmpty()) {
      System.err.println("Not set: " + String.join(", ", missing));
      return FAILED;
    }
    apply(database, new FirstProject(new ProjectId(id), hmacKey, accountKey));
    return 0;
  }

  private static String value(Map<String, String> environment, String name, Set<String> missing) {
    var value = environment.getOrDefault(name, "");
    if (value.isBlank()) {
      missing.add(name);
    }
    return value;
  }

  private static byte[] sha256(Secret secret) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(secret.value().getBytes(UTF_8));
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException(absent);
    }
  }
}
