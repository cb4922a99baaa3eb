package dev.berth.api.session;

import static dev.berth.db.generated.Tables.EVENTS;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A conversation as the log has it, shortened: what the user wrote, what the agent said, and which
 * tools it called. The end is worth more than the beginning.
 */
final class ConversationSummary {
  /** About four thousand tokens. */
  private static final int CHARACTERS = 16_000;

  /** Of one message. */
  private static final int OF_A_MESSAGE = 1_500;

  /** More than fit. */
  private static final int EVENTS_READ = 1_000;

  private static final String ACCEPTED = "message.accepted";
  private static final String SAID = "agent.message";

  private ConversationSummary() {}

  /** The summary of a session's conversation, at most 16,000 characters and a note. */
  static String of(DSLContext db, SessionId session) {
    var lines = new ArrayList<String>();
    var characters = 0;
    var newestFirst =
        db.select(EVENTS.TYPE, EVENTS.PAYLOAD, EVENTS.RAW)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(EVENTS.TYPE.in(ACCEPTED, SAID))
            .orderBy(EVENTS.SEQ.desc())
            .limit(EVENTS_READ)
            .fetch(row -> line(row.value1(), row.value2(), row.value3()));
    for (var line : newestFirst) {
      if (line == null) {
        continue;
      }
      characters += line.length() + 1;
      if (characters > CHARACTERS) {
        lines.add("(what came before is left out)");
        break;
      }
      lines.add(line);
    }
    return String.join("\n", lines.reversed());
  }

  private static @Nullable String line(String type, JSON payload, @Nullable JSON raw) {
    if (type.equals(ACCEPTED)) {
      var content = json(payload).path("content");
      return "user: " + cut(content.isString() ? content.asString() : text(content));
    }
    var message = raw == null ? null : json(raw);
    // What a subagent said, its parent has summed up.
    return message == null || message.path("parent_tool_use_id").isString()
        ? null
        : said(message.path("message").path("content"));
  }

  private static @Nullable String said(JsonNode content) {
    var parts = new ArrayList<String>();
    var text = text(content);
    if (!text.isBlank()) {
      parts.add("assistant: " + cut(text));
    }
    var tools =
        content
            .valueStream()
            .filter(block -> block.path("type").asString("").equals("tool_use"))
            .map(block -> block.path("name").asString("?"))
            .toList();
    if (!tools.isEmpty()) {
      parts.add("(tools called: %s)".formatted(String.join(", ", tools)));
    }
    return parts.isEmpty() ? null : String.join("\n", parts);
  }

  private static String text(JsonNode blocks) {
    List<String> texts =
        blocks
            .valueStream()
            .filter(block -> block.path("type").asString("").equals("text"))
            .map(block -> block.path("text").asString(""))
            .toList();
    return String.join("\n", texts);
  }

  private static String cut(String text) {
    return text.length() <= OF_A_MESSAGE ? text : text.substring(0, OF_A_MESSAGE) + "…";
  }

  private static JsonNode json(JSON column) {
    return ProtocolJson.mapper().readTree(column.data());
  }
}
