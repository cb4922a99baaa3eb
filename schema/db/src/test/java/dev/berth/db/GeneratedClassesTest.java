package dev.berth.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedClassesTest {
  @TempDir Path fresh;

  @Test
  void committedClassesAreThoseOfTheMigrations() throws Exception {
    GenerateJooq.into(fresh);

    assertThat(sources(Path.of("src/main/java/dev/berth/db/generated")))
        .as("the jOOQ classes are stale: run tools/generate jooq")
        .isEqualTo(sources(fresh.resolve("dev/berth/db/generated")));
  }

  private static Map<String, String> sources(Path folder) throws IOException {
    var sources = new TreeMap<String, String>();
    try (var files = Files.walk(folder)) {
      for (var file : files.filter(Files::isRegularFile).toList()) {
        sources.put(folder.relativize(file).toString(), Files.readString(file));
      }
    }
    return sources;
  }
}
