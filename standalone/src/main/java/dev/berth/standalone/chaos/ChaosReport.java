package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All trials so far, as JSON to go on from and as Markdown to read.
 *
 * @param parts in the order in which they ran, at least one; of one seed
 */
public record ChaosReport(List<ReportPart> parts) {
  private static final String PARTS = "parts";

  public ChaosReport {
    parts = List.copyOf(parts);
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("parts: none (expected: at least one)");
    }
  }

  public static ChaosReport of(ReportPart part) {
    return new ChaosReport(List.of(part));
  }

  /**
   * The report in the JSON beside this Markdown file, or null.
   *
   * @throws StartFailure for a report that does not tell kills, pauses and disconnects apart, and
   *     whose sessions were judged less strictly: what follows would not be comparable
   */
  public static @Nullable ChaosReport read(Path markdown) throws IOException {
    var file = json(markdown);
    if (!Files.exists(file)) {
      return null;
    }
    var json = ProtocolJson.mapper().readTree(Files.readString(file));
    if (!json.has(PARTS)) {
      throw new StartFailure(
          "The report in %s is of an older form, which has no parts: it cannot be gone on with."
              .formatted(file),
          "Begin another one with --report.");
    }
    return ProtocolJson.mapper().treeToValue(json, ChaosReport.class);
  }

  /** The part that goes on where the others end, with their seed. */
  public ChaosReport goneOnWith(@Nullable String commit, List<Component> components) {
    var longer = new ArrayList<>(parts);
    longer.add(ReportPart.begin(seed(), commit, components, next()));
    return new ChaosReport(longer);
  }

  public long seed() {
    return parts.getLast().seed();
  }

  /** The number of the next round. */
  public int next() {
    return parts.getLast().next();
  }

  public ChaosReport plus(List<TrialResult> round) {
    var longer = new ArrayList<>(parts);
    longer.set(parts.size() - 1, parts.getLast().plus(round));
    return new ChaosReport(longer);
  }

  public long failures() {
    return parts.stream().mapToLong(ReportPart::failures).sum();
  }

  public void write(Path markdown) throws IOException {
    if (markdown.getParent() != null) {
      Files.createDirectories(markdown.getParent());
    }
    Files.writeString(markdown, summary());
    var json = ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this);
    Files.writeString(json(markdown), json + "\n");
  }

  /** The tables and what went wrong, as Markdown. */
  public String summary() {
    return new ChaosSummary(parts).text();
  }

  private static Path json(Path markdown) {
    return markdown.resolveSibling(markdown.getFileName() + ".json");
  }
}
