package dev.berth.db;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.sql.DataSource;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;

/** A real PostgreSQL with the real migrations, on a free port of loopback, for one test class. */
public final class TestDatabase implements AutoCloseable {
  private final EmbeddedPostgres postgres;

  private TestDatabase(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  public static TestDatabase start() {
    try {
      var database = new TestDatabase(EmbeddedPostgres.builder().start());
      Migrations.apply(database.dataSource());
      return database;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  public DataSource dataSource() {
    return postgres.getPostgresDatabase();
  }

  public String url() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }

  public DSLContext dsl() {
    return DSL.using(dataSource(), SQLDialect.POSTGRES);
  }

  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }
}
