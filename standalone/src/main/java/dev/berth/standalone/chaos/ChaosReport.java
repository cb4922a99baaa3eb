package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.StartFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All trials so far, as JSON to go on from and as Markdown to read.
 *
 * @param parts in the order in which they ran, at least one
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

  /** Another part, which goes on where the last one that struck at random ended. */
  public ChaosReport goneOnWith(@Nullable String commit, List<Component> components) {
    return followedBy(last(part -> !part.isSweep()), commit, components);
  }

  /** Another part, which goes on where the last sweep that struck the same ended. */
  public ChaosReport sweptOnWith(@Nullable String commit, List<Component> components) {
    return followedBy(
        last(part -> part.isSweep() && part.components().equals(components)), commit, components);
  }

  private Optional<ReportPart> last(Predicate<ReportPart> kind) {
    return parts.reversed().stream().filter(kind).findFirst();
  }

  private ChaosReport followedBy(
      Optional<ReportPart> last, @Nullable String commit, List<Component> components) {
    var longer = new ArrayList<>(parts);
    longer.add(
        ReportPart.begin(
            last.map(ReportPart::seed).orElseGet(this::seed),
            commit,
            components,
            last.map(ReportPart::next).orElse(0)));
    return new ChaosReport(longer);
  }

  /** The last part as a sweep over so many events of each reference session. */
  public ChaosReport over(Map<Reference, Integer> events) {
    return withLast(parts.getLast().over(events));
  }

  public long seed() {
    return parts.getLast().seed();
  }

  /** The number of the next round. */
  public int next() {
    return parts.getLast().next();
  }

  public ChaosReport plus(List<TrialResult> round) {
    return withLast(parts.getLast().plus(round));
  }

  private ChaosReport withLast(ReportPart part) {
    var others = new ArrayList<>(parts);
    others.set(parts.size() - 1, part);
    return new ChaosReport(others);
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
