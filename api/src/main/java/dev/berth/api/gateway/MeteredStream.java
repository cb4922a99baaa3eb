package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.ProtocolJson;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/**
 * Passes a stream of server-sent events on, byte for byte and each event as soon as it is whole,
 * and reads the usage on the way. The account is settled before the last event is passed on:
 * whoever has the whole answer can rely on it being in the ledger.
 */
final class MeteredStream {
  /** An event that is longer is passed on in pieces, and not read. */
  private static final int MAX_EVENT = 8 * 1024 * 1024;

  private static final String DATA = "data:";

  private final Consumer<ModelUsage> account;
  private ModelUsage usage;
  private boolean settled;

  /**
   * @param account is told the usage once, when the answer is whole or cut
   */
  MeteredStream(ModelUsage usage, Consumer<ModelUsage> account) {
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
      settle();
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
    for (var line : event.split("\n", -1)) {
      // Only these two carry usage; the many deltas between them are not parsed.
      if (line.startsWith(DATA) && line.contains("\"usage\"")) {
        try {
          var data = ProtocolJson.mapper().readTree(line.substring(DATA.length()));
          var message = data.path("message");
          usage = usage.updated(message.isObject() ? message : data);
        } catch (JacksonException notJson) {
          // The provider's own matter; it is passed on as it is.
          return;
        }
      } else if (line.startsWith("event:") && line.contains("message_stop")) {
        settle();
      }
    }
  }

  private void settle() {
    if (!settled && !usage.isEmpty()) {
      settled = true;
      account.accept(usage);
    }
  }
}
