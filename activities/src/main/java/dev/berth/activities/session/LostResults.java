package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;

import dev.berth.activities.transcript.Transcript;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Tool calls that ended, and that the transcript does not know of: the Agent SDK writes it some 100
 * ms late, and a sandbox may be lost within them. The log has what they gave. Told of it, the model
 * has no reason to make them again.
 */
public final class LostResults {
  /** Far more than is said in the time by which a transcript is late. */
  private static final int LATEST = 100;

  /** Of one result; the whole of the notice has to fit into an environment variable. */
  private static final int CHARACTERS = 4000;

  private static final int CALLS = 16;

  /** What stands for a result that came neither into the log nor into the transcript. */
  private static final String GONE = "(nobody knows what: the result was lost with the sandbox)";

  private static final String REMINDER_END = "</system-reminder>";

  private final DSLContext db;

  public LostResults(DSLContext db) {
    this.db = db;
  }

  /** What the agent called, and what it was given. */
  private record Call(String id, String name, String input, String result) {}

  /**
   * What the model is to be told before it takes up its turn; null when nothing is missing.
   *
   * @param transcript what the agent goes on with
   * @param completed ids of the calls of which the journal says that they ended
   */
  public @Nullable String notice(SessionId session, Transcript transcript, Set<String> completed) {
    var lost =
        ended(session, completed).stream()
            .filter(call -> !isIn(transcript, call.id()))
            .limit(CALLS)
            .toList();
    if (lost.isEmpty()) {
      return null;
    }
    var notice =
        new StringBuilder(
            """
            <system-reminder>
            The sandbox was lost after these tool calls had ended, and this conversation may not \
            show them. They took effect: do not make them again.
            """);
    for (var call : lost) {
      notice.append(
          "- %s (%s) with %s gave:\n%s\n"
              .formatted(call.name(), call.id(), quoted(call.input()), quoted(call.result())));
    }
    return notice.append(REMINDER_END).toString();
  }

  /** The latest calls of the turns that have not ended, in their order. */
  private List<Call> ended(SessionId session, Set<String> completed) {
    var messages =
        db
            .select(EVENTS.RAW)
            .from(MESSAGES)
            .join(EVENTS)
            .on(
                EVENTS.SESSION_ID.eq(MESSAGES.SESSION_ID),
                EVENTS.MESSAGE_ID.eq(MESSAGES.MESSAGE_ID),
                EVENTS.SEQ.gt(MESSAGES.ACCEPTED_SEQ))
            .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(MESSAGES.ENDED_AT.isNull())
            .and(EVENTS.TYPE.in("agent.message", "agent.user"))
            .orderBy(EVENTS.SEQ.desc())
            .limit(LATEST)
            .fetch(EVENTS.RAW)
            .reversed()
            .stream()
            .map(raw -> ProtocolJson.mapper().readTree(raw.data()))
            // What a subagent called, its parent is not asked for.
            .filter(message -> message.path("parent_tool_use_id").isNull())
            .toList();
    var called = blocks(messages, "tool_use", "id");
    var results = blocks(messages, "tool_result", "tool_use_id");
    var ended = new ArrayList<Call>();
    called.forEach((id, call) -> {
      var result = results.get(id);
      if (result != null) {
        ended.add(call(call, said(result)));
      } else if (completed.contains(id)) {
        ended.add(call(call, GONE));
      }
    });
    return ended;
  }

  private static Call call(JsonNode called, String result) {
    return new Call(
        called.path("id").asString(),
        called.path("name").asString(),
        called.path("input").toString(),
        result);
  }

  private static String said(JsonNode result) {
    return (result.path("is_error").asBoolean(false) ? "an error: " : "")
        + text(result.path("content"));
  }

  private static Map<String, JsonNode> blocks(List<JsonNode> messages, String type, String id) {
    var blocks = new LinkedHashMap<String, JsonNode>();
    messages.stream()
        .flatMap(LostResults::blocks)
        .filter(block -> block.path("type").asString("").equals(type))
        .forEach(block -> blocks.put(block.path(id).asString(""), block));
    return blocks;
  }

  private static Stream<JsonNode> blocks(JsonNode message) {
    return message.path("message").path("content").valueStream();
  }

  private static boolean isIn(Transcript transcript, String id) {
    return transcript.main().stream()
        .flatMap(LostResults::blocks)
        .anyMatch(block -> block.path("tool_use_id").asString("").equals(id));
  }

  private static String text(JsonNode content) {
    return content.isString()
        ? content.asString()
        : String.join(
            "\n",
            content
                .valueStream()
                .map(
                    block -> block.path("text").asString("(" + block.path("type").asString() + ")"))
                .toList());
  }

  /** A tool's output is not to end what it is quoted in, nor to fill it alone. */
  private static String quoted(String text) {
    var cut = text.length() <= CHARACTERS ? text : text.substring(0, CHARACTERS) + "… (cut)";
    return cut.replace(REMINDER_END, "").replace("\0", "");
  }
}
