package dev.berth.db;

import javax.sql.DataSource;
import org.flywaydb.core.Flyway;

/** Brings a database to the schema of this version; does nothing when it is there already. */
public final class Migrations {
  private Migrations() {}

  public static void apply(DataSource database) {
    Flyway.configure()
        .dataSource(database)
        .locations("classpath:db/migration")
        .validateMigrationNaming(true)
        .load()
        .migrate();
  }
}
