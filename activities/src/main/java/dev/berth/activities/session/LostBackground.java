package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.EVENTS;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.condition;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.select;

import dev.berth.db.EventLog;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.BackgroundKind;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.BackgroundLost;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Background commands and subagents that ended with their sandbox. The Agent SDK tells of each when
 * it begins and when it ends; what only began is lost as soon as another sandbox serves the
 * session.
 */
public final class LostBackground {
  private static final String LOST = "background.lost";

  /** In these words, so that the database can use its index. */
  private static final String OF_A_TASK =
      "type = 'agent.notice' and payload ->> 'sdk_subtype' in"
          + " ('task_started', 'task_updated', 'task_notification')";

  private static final List<String> ENDS =
      List.of("turn.completed", "turn.interrupted", "turn.failed");

  private static final int DESCRIPTION_CHARACTERS = 200;

  private static final String REMINDER_END = "</system-reminder>";

  private final DSLContext db;

  public LostBackground(DSLContext db) {
    this.db = db;
  }

  /** A run of a task; one that is taken up again has another. */
  private record Run(String task, String run) {
    private static final String UNNAMED = "first";

    static Run of(JsonNode message) {
      return new Run(
          message.path("task_id").asString(""), message.path("run_id").asString(UNNAMED));
    }

    /** Whether that is what a message speaks of; some do not name the run. */
    boolean isMeantBy(Run named) {
      return task.equals(named.task) && (named.run.equals(UNNAMED) || run.equals(named.run));
    }

    /** The same in each epoch. */
    String eventId() {
      return "background/%s/%s/lost".formatted(task, run);
    }
  }

  private record Task(
      BackgroundKind kind, String description, @Nullable String toolUseId, boolean background) {
    static Task of(JsonNode started) {
      var toolUseId = started.path("tool_use_id");
      return new Task(
          switch (started.path("task_type").asString("")) {
            case "local_bash" -> BackgroundKind.COMMAND;
            case "local_agent" -> BackgroundKind.SUBAGENT;
            default -> BackgroundKind.OTHER;
          },
          cut(started.path("description").asString("")),
          toolUseId.isString() ? toolUseId.asString() : null,
          started.path("is_backgrounded").asBoolean(true));
    }

    Task inBackground() {
      return new Task(kind, description, toolUseId, true);
    }

    /** A command that its call waits for is that call, and the journal has it. */
    boolean isApart() {
      return background || kind != BackgroundKind.COMMAND;
    }
  }

  /**
   * What is to be said of the tasks that ran in sandboxes before this epoch, of each once however
   * often it is asked. The epoch must be the session's already, so that none of those sandboxes can
   * write any more.
   */
  public List<NewEvent> lost(SessionId session, int epoch) {
    var running = new LinkedHashMap<Run, Task>();
    db.select(EVENTS.RAW)
        .from(EVENTS)
        .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(condition(OF_A_TASK))
        .and(EVENTS.EPOCH.lt(epoch))
        .and(EVENTS.RAW.isNotNull())
        .orderBy(EVENTS.SEQ)
        .fetch(row -> ProtocolJson.mapper().readTree(row.value1().data()))
        .forEach(message -> follow(running, message));
    var said =
        db.select(EVENTS.EVENT_ID)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(EVENTS.TYPE.eq(LOST))
            .fetchSet(EVENTS.EVENT_ID);
    return running.entrySet().stream()
        .filter(entry -> entry.getValue().isApart())
        .map(entry -> event(entry.getKey(), entry.getValue()))
        .filter(event -> !said.contains(event.id()))
        .toList();
  }

  /**
   * What the model is to know of subagents that it waited for and that were lost since a turn ended
   * last; null when none was. The Agent SDK drops their calls, and tells of all others by itself.
   */
  public @Nullable String notice(SessionId session) {
    var id = UUID.fromString(session.value());
    var ended = EVENTS.as("ended");
    var lost =
        db
            .select(EVENTS.PAYLOAD)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(id))
            .and(EVENTS.TYPE.eq(LOST))
            .and(
                EVENTS.SEQ.gt(
                    coalesce(
                        field(
                            select(ended.SEQ)
                                .from(ended)
                                .where(ended.SESSION_ID.eq(id))
                                .and(ended.TYPE.in(ENDS))
                                .orderBy(ended.SEQ.desc())
                                .limit(1)),
                        0L)))
            .orderBy(EVENTS.SEQ)
            .fetch(EVENTS.PAYLOAD)
            .stream()
            .map(payload -> SessionEvent.of(LOST, ProtocolJson.mapper().readTree(payload.data())))
            .filter(BackgroundLost.class::isInstance)
            .map(BackgroundLost.class::cast)
            .filter(task -> task.kind() == BackgroundKind.SUBAGENT && isWaitedFor(session, task))
            .map(LostBackground::named)
            .toList();
    return lost.isEmpty()
        ? null
        : """
        <system-reminder>
        The sandbox was lost while these subagents worked, and they do not come back: %s. Nobody \
        knows how far they came. Look at what they may have done before you start them again.
        """
                .formatted(String.join(", ", lost))
            + REMINDER_END;
  }

  /** What is not waited for, its call has ended at once. */
  private boolean isWaitedFor(SessionId session, BackgroundLost task) {
    return task.toolUseId() != null
        && EventLog.find(db, session, ToolJournal.id(task.toolUseId(), "unknown")) != null;
  }

  private static void follow(Map<Run, Task> running, JsonNode message) {
    var run = Run.of(message);
    switch (message.path("subtype").asString("")) {
      case "task_started" -> {
        // What only watches is no work that could be lost.
        if (!message.path("ambient").asBoolean(false)) {
          running.put(run, Task.of(message));
        }
      }
      case "task_updated" -> {
        var patch = message.path("patch");
        switch (patch.path("status").asString("")) {
          case "completed", "failed", "killed" ->
              running.keySet().removeIf(one -> one.isMeantBy(run));
          default -> {
            if (patch.path("is_backgrounded").asBoolean(false)) {
              running.computeIfPresent(run, (_, task) -> task.inBackground());
            }
          }
        }
      }
      default -> running.keySet().removeIf(one -> one.isMeantBy(run));
    }
  }

  private static NewEvent event(Run run, Task task) {
    return NewEvent.of(
        run.eventId(),
        new BackgroundLost(run.task(), task.kind(), task.description(), task.toolUseId()));
  }

  private static String named(BackgroundLost task) {
    var call = task.toolUseId() == null ? "" : " (%s)".formatted(task.toolUseId());
    return "“%s”%s".formatted(task.description().replace(REMINDER_END, ""), call);
  }

  private static String cut(String text) {
    return text.length() <= DESCRIPTION_CHARACTERS
        ? text
        : text.substring(0, DESCRIPTION_CHARACTERS) + "…";
  }
}
