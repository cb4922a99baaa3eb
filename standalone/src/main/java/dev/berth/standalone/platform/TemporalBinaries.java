package dev.berth.standalone.platform;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The production Temporal server, its schema tool and its UI, as built by {@code tools/temporal}.
 */
public record TemporalBinaries(Path server, Path sqlTool, Path ui) {
  public static TemporalBinaries in(Path folder) {
    return new TemporalBinaries(
        folder.resolve("temporal-server"),
        folder.resolve("temporal-sql-tool"),
        folder.resolve("temporal-ui"));
  }

  public boolean exist() {
    return Files.isExecutable(server) && Files.isExecutable(sqlTool) && Files.isExecutable(ui);
  }
}
