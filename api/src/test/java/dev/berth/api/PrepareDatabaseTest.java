package dev.berth.api;

import static dev.berth.db.generated.Tables.PROJECTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.db.TestDatabase;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PrepareDatabaseTest {
  @Test
  void preparesADatabaseAsOftenAsItIsAsked() {
    try (var database = TestDatabase.start()) {
      var environment =
          Map.of(
              "DATABASE_URL", database.url(),
              "DATABASE_USER", "postgres",
              "DATABASE_PASSWORD", "postgres",
              "PROJECT_ID", "0123456789abcdef0123456789abcdef",
              "PROJECT_HMAC_KEY", "hk_live_first",
              "ACCOUNT_KEY", "ak_live_first");

      assertThat(PrepareDatabase.run(environment)).isZero();
      assertThat(PrepareDatabase.run(environment)).isZero();

      assertThat(database.dsl().fetchCount(PROJECTS)).isEqualTo(1);
    }
  }

  @Test
  void saysWhatIsNotSet() {
    assertThat(PrepareDatabase.run(Map.of("DATABASE_URL", "jdbc:postgresql://nowhere/x")))
        .isEqualTo(2);
  }
}
