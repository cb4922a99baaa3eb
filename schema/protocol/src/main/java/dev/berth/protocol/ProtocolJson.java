package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonInclude;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.cfg.DateTimeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one JSON mapper of Berth, for sockets, the door, the event log and Temporal payloads alike.
 *
 * <ul>
 *   <li>Unknown properties are ignored, so that an older reader understands a newer writer.
 *   <li>An absent property and null are the same on read; null is not written.
 *   <li>Instants are ISO-8601 text in UTC.
 *   <li>Decimals keep their digits, because messages of the Agent SDK are stored and sent on.
 * </ul>
 */
public final class ProtocolJson {
  /** Nesting that no real message comes near; deeper input is hostile. */
  private static final int MAX_DEPTH = 200;

  /** One text of a frame: a document of 32 MB in base64, with room to spare. */
  private static final int MAX_TEXT = 64 * 1024 * 1024;

  private static final JsonMapper MAPPER = create();

  private ProtocolJson() {}

  public static JsonMapper mapper() {
    return MAPPER;
  }

  private static JsonMapper create() {
    var constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxStringLength(MAX_TEXT)
            .build();
    return JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(DateTimeFeature.WRITE_DATES_AS_TIMESTAMPS)
        .disable(DateTimeFeature.WRITE_DURATIONS_AS_TIMESTAMPS)
        .changeDefaultPropertyInclusion(
            value -> value.withValueInclusion(JsonInclude.Include.NON_NULL))
        .build();
  }
}
