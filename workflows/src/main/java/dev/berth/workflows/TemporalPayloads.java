package dev.berth.workflows;

import dev.berth.protocol.ProtocolJson;
import io.temporal.common.converter.ByteArrayPayloadConverter;
import io.temporal.common.converter.DataConverter;
import io.temporal.common.converter.DefaultDataConverter;
import io.temporal.common.converter.Jackson3JsonPayloadConverter;
import io.temporal.common.converter.NullPayloadConverter;

/**
 * How records travel through Temporal. Temporal's own default is another generation of Jackson and
 * does not know sealed types, so api, worker, tests and replays all take their converter from here.
 */
public final class TemporalPayloads {
  private TemporalPayloads() {}

  public static DataConverter converter() {
    return new DefaultDataConverter(
        new NullPayloadConverter(),
        new ByteArrayPayloadConverter(),
        new Jackson3JsonPayloadConverter(ProtocolJson.mapper()));
  }
}
