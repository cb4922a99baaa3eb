package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.api.gateway.ModelOutcome.Answered;
import dev.berth.api.gateway.ModelOutcome.Lost;
import dev.berth.api.gateway.ModelOutcome.Refused;
import dev.berth.protocol.ProtocolJson;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;

/**
 * Passes a stream of server-sent events on, byte for byte and each event as soon as it is whole,
 * and reads the usage on the way. The account is settled before the last event is passed on:
 * whoever has the whole answer can rely on it being in the ledger. A stream without that event is
 * lost, whatever it said before.
 */
final class MeteredStream {
  /** An event that is longer is passed on in pieces, and not read. */
  private static final int MAX_EVENT = 8 * 1024 * 1024;

  private static final String EVENT = "event:";
  private static final String DATA = "data:";

  /** Fields of a delta that hold what the model writes. */
  private static final Set<String> WRITTEN = Set.of("text", "thinking", "partial_json");

  private final Consumer<ModelOutcome> account;
  private ModelUsage usage;
  private long streamedBytes;
  private boolean failed;
  private boolean settled;

  /**
   * @param usage nothing, of the model that was asked
   * @param account is told the outcome once, when the answer is whole or cut
   */
  MeteredStream(ModelUsage usage, Consumer<ModelOutcome> account) {
    this.usage = usage;
    this.account = account;
  }

  void pass(InputStream provider, OutputStream caller) throws IOException {
    var in = new BufferedInputStream(provider, 16 * 1024);
    var event = new ByteArrayOutputStream(1024);
    try {
      var last = -1;
      for (var next = in.read(); next >= 0; next = in.read()) {
        event.write(next);
        if ((next == '\n' && last == '\n') || event.size() > MAX_EVENT) {
          pass(event, caller);
        }
        if (next != '\r') {
          last = next;
        }
      }
      pass(event, caller);
    } finally {
      settle(cut());
    }
  }

  private void pass(ByteArrayOutputStream event, OutputStream caller) throws IOException {
    if (event.size() == 0) {
      return;
    }
    if (event.size() <= MAX_EVENT) {
      read(event.toString(UTF_8));
    }
    event.writeTo(caller);
    caller.flush();
    event.reset();
  }

  private void read(String event) {
    var name = "";
    for (var line : event.split("\n", -1)) {
      if (line.startsWith(EVENT)) {
        name = line.substring(EVENT.length()).strip();
        named(name);
      } else if (line.startsWith(DATA)) {
        data(name, line.substring(DATA.length()));
      }
    }
  }

  private void named(String event) {
    if (event.equals("message_stop")) {
      settle(usage.isEmpty() ? cut() : new Answered(usage));
    } else if (event.equals("error")) {
      failed = true;
    }
  }

  private void data(String event, String json) {
    try {
      if (json.contains("\"usage\"")) {
        var data = ProtocolJson.mapper().readTree(json);
        var message = data.path("message");
        usage = usage.updated(message.isObject() ? message : data);
      } else if (event.equals("content_block_delta")) {
        streamedBytes += written(json);
      }
    } catch (JacksonException notJson) {
      // The provider's own matter; it is passed on as it is.
    }
  }

  /** Deltas are many: they are read over, and not built up. */
  private static long written(String delta) {
    var bytes = 0L;
    try (var parser = ProtocolJson.mapper().createParser(delta)) {
      for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token == JsonToken.VALUE_STRING && WRITTEN.contains(parser.currentName())) {
          bytes += parser.getString().getBytes(UTF_8).length;
        }
      }
    }
    return bytes;
  }

  /** A provider that fails before it counted the input has refused the request. */
  private ModelOutcome cut() {
    return failed && usage.isEmpty() ? new Refused() : new Lost(usage, streamedBytes);
  }

  private void settle(ModelOutcome outcome) {
    if (!settled) {
      settled = true;
      account.accept(outcome);
    }
  }
}
