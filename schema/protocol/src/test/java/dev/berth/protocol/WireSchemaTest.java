package dev.berth.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class WireSchemaTest {
  @Test
  void committedSchemasAreThoseOfTheRecords() throws IOException {
    for (var document : WireSchema.render().entrySet()) {
      var committed = Path.of(document.getKey());

      assertThat(committed)
          .as("%s is stale or missing: run %s", committed, WireSchema.COMMAND)
          .exists();
      assertThat(Files.readString(committed))
          .as("%s is stale: run %s", committed, WireSchema.COMMAND)
          .isEqualTo(document.getValue());
    }
  }
}
