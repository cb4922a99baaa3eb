package dev.berth.activities.transcript;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The content of a transcript object: one entry a line, with its place. */
final class TranscriptLines {
  static final String CONTENT_TYPE = "application/jsonl";

  private TranscriptLines() {}

  /**
   * An entry of a transcript.
   *
   * @param frame number of the frame that brought it, 0 in what an epoch began with
   * @param index its place in the frame
   * @param subpath absent for the main transcript
   */
  record Line(long frame, int index, @Nullable String subpath, JsonNode entry) {}

  static byte[] encode(List<TranscriptPart> parts) {
    return encode(parts.stream().flatMap(TranscriptLines::lines));
  }

  static byte[] encode(Stream<Line> lines) {
    return text(lines).getBytes(UTF_8);
  }

  /** What is stored of a part; of several, it follows each other. */
  static String text(TranscriptPart part) {
    return text(lines(part));
  }

  private static String text(Stream<Line> lines) {
    var text = new StringBuilder();
    lines.forEach(line -> text.append(ProtocolJson.mapper().writeValueAsString(line)).append('\n'));
    return text.toString();
  }

  /**
   * Reads an object back. A line that was torn is left out: what stands in the others is worth more
   * than none of it.
   *
   * @param torn told of each such line, by its number from 1
   */
  static List<Line> decode(byte[] content, IntConsumer torn) {
    var lines = new ArrayList<Line>();
    var number = 0;
    for (var text : new String(content, UTF_8).lines().toList()) {
      number++;
      if (!text.isBlank()) {
        try {
          lines.add(ProtocolJson.mapper().readValue(text, Line.class));
        } catch (JacksonException unreadable) {
          torn.accept(number);
        }
      }
    }
    return lines;
  }

  private static Stream<Line> lines(TranscriptPart part) {
    return Stream.iterate(0, index -> index < part.entries().size(), index -> index + 1)
        .map(index -> new Line(part.frame(), index, part.subpath(), part.entries().get(index)));
  }
}
