package dev.berth.activities.transcript;

import dev.berth.activities.transcript.TranscriptLines.Line;
import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Reads transcripts back. An epoch begins with one object that holds all earlier epochs together,
 * so what an outlived sandbox still writes is never read, and reading never takes more objects than
 * one sandbox wrote.
 */
public final class TranscriptStore {
  private static final Logger LOG = LoggerFactory.getLogger(TranscriptStore.class);

  private static final Pattern KEY = Pattern.compile(".*/(\\d{8})/(\\d{12})\\.jsonl");

  /** Epochs behind the last one are kept for one more start, then removed. */
  private static final int EPOCHS_KEPT = 2;

  private final ObjectStore objects;

  public TranscriptStore(ObjectStore objects) {
    this.objects = objects;
  }

  private record Part(String key, int epoch, long frame) {}

  /**
   * What an epoch begins with: everything that earlier epochs wrote. Writes it as the epoch's first
   * object; a repeat gives the same.
   */
  public Transcript begin(ProjectId project, SessionId session, int epoch) {
    var parts = parts(project, session);
    var base =
        parts.stream()
            .filter(part -> part.frame() == 0 && part.epoch() <= epoch)
            .mapToInt(Part::epoch)
            .max()
            .orElse(0);
    var transcript =
        assemble(
            parts.stream()
                .filter(part -> part.epoch() >= base)
                .filter(part -> part.epoch() < epoch || part.frame() == 0)
                .filter(part -> part.epoch() <= epoch)
                .toList());
    if (base < epoch && !transcript.isEmpty()) {
      var key = ObjectKeys.transcriptPart(project.value(), session.value(), epoch, 0);
      objects.put(key, TranscriptLines.encode(lines(transcript)), TranscriptLines.CONTENT_TYPE);
      objects.delete(
          parts.stream()
              .filter(part -> part.epoch() <= base - EPOCHS_KEPT)
              .map(Part::key)
              .toList());
    }
    return transcript;
  }

  /**
   * Begins an epoch with nothing: what earlier epochs wrote is never read again. The first object
   * of the epoch says so.
   */
  public void beginAnew(ProjectId project, SessionId session, int epoch) {
    objects.put(
        ObjectKeys.transcriptPart(project.value(), session.value(), epoch, 0),
        new byte[0],
        TranscriptLines.CONTENT_TYPE);
  }

  /** What is said when an agent would have to go on without what it remembers. */
  public static ProblemException missing(String what) {
    return new ProblemException(
        ProblemType.TRANSCRIPT_MISSING,
        what
            + " POST /v1/sessions/{id}/restart lets it go on with a summary of the conversation instead.");
  }

  private List<Part> parts(ProjectId project, SessionId session) {
    var parts = new ArrayList<Part>();
    for (var key : objects.keys(ObjectKeys.transcript(project.value(), session.value()))) {
      var matcher = KEY.matcher(key);
      if (matcher.matches()) {
        parts.add(
            new Part(key, Integer.parseInt(matcher.group(1)), Long.parseLong(matcher.group(2))));
      }
    }
    return parts;
  }

  private Transcript assemble(List<Part> parts) {
    var main = new ArrayList<JsonNode>();
    Map<String, List<JsonNode>> byPath = new LinkedHashMap<>();
    var seen = new HashSet<Object>();
    for (var part : parts) {
      for (var line : lines(part)) {
        if (isNew(seen, part.epoch(), line)) {
          var subpath = line.subpath();
          var entries =
              subpath == null
                  ? main
                  : byPath.computeIfAbsent(subpath, missing -> new ArrayList<>());
          entries.add(line.entry());
        }
      }
    }
    return new Transcript(main, byPath);
  }

  /**
   * Parts that were sent twice overlap; entries with a uuid may come again in a later epoch too.
   */
  private static boolean isNew(Set<Object> seen, int epoch, Line line) {
    var uuid = line.entry().path("uuid");
    return seen.add(List.of(epoch, line.frame(), line.index()))
        && (!uuid.isString() || seen.add(List.of(String.valueOf(line.subpath()), uuid.asString())));
  }

  private List<Line> lines(Part part) {
    var content = objects.get(part.key());
    if (content == null) {
      throw missing("An object of the session's stored transcript is gone.");
    }
    return TranscriptLines.decode(
        content,
        number ->
            LOG.atError().log("line {} of {} is torn: its entry is left out", number, part.key()));
  }

  private static Stream<Line> lines(Transcript transcript) {
    var lines = new ArrayList<Line>();
    add(lines, null, transcript.main());
    transcript.byPath().forEach((subpath, entries) -> add(lines, subpath, entries));
    return lines.stream();
  }

  private static void add(List<Line> lines, @Nullable String subpath, List<JsonNode> entries) {
    for (var entry : entries) {
      lines.add(new Line(0, lines.size(), subpath, entry));
    }
  }
}
