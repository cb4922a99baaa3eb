package dev.berth.api.session;

import static dev.berth.db.generated.Tables.CLIENT_TOOL_CALLS;
import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.util.Objects.requireNonNull;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.selectOne;

import dev.berth.api.auth.EndUser;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.EndUserId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ClientToolCalled;
import dev.berth.protocol.event.SessionEvent.SessionOpened;
import dev.berth.protocol.event.SessionStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The rows of sessions, always seen through the eyes of their owner. */
public final class SessionRecords {
  private static final String CALLED = "client_tool.called";

  private final DSLContext db;

  public SessionRecords(DSLContext db) {
    this.db = db;
  }

  /**
   * A session and whom it belongs to.
   *
   * @param closed whether it takes no messages any more
   */
  public record SessionRow(
      SessionId id,
      ProjectId project,
      String accountId,
      EndUserId endUser,
      String model,
      long lastSeq,
      boolean closed) {}

  /**
   * Where a session stands.
   *
   * @param status as in {@code session.status} events
   * @param stopReason why the last turn ended, null before the first end
   * @param restartReason why a turn last lost its sandbox, or the agent what it remembered; null
   *     when none did
   * @param turns those that have ended
   */
  public record Standing(
      SessionId id,
      String status,
      @Nullable String reason,
      @Nullable String stopReason,
      @Nullable String restartReason,
      String model,
      long turns,
      long lastSeq,
      Instant createdAt) {}

  SessionRow create(EndUser owner, EffectiveOptions options) {
    var id = new SessionId(UUID.randomUUID().toString());
    return requireNonNull(create(owner, options, id, null));
  }

  /**
   * Makes a session.
   *
   * @param askedHash of the options that the client asked for, for a client that may repeat it
   * @return null when there is one of that id
   */
  @Nullable SessionRow create(
      EndUser owner, EffectiveOptions options, SessionId id, byte @Nullable [] askedHash) {
    var events = new ArrayList<NewEvent>();
    events.add(NewEvent.of("opened", new SessionOpened(options.agent().model())));
    events.addAll(clamped(options));
    var created =
        db.transactionResult(tx -> {
          var inserted =
              tx.dsl()
                  .insertInto(SESSIONS)
                  .set(SESSIONS.SESSION_ID, uuid(id))
                  .set(SESSIONS.PROJECT_ID, owner.project().value())
                  .set(SESSIONS.ACCOUNT_ID, owner.accountId())
                  .set(SESSIONS.END_USER_ID, owner.id().value())
                  .set(SESSIONS.MODEL, options.agent().model())
                  .set(SESSIONS.OPTIONS, json(options))
                  .set(SESSIONS.ALLOWED_MODELS, models(options))
                  .set(SESSIONS.ASKED_HASH, askedHash)
                  .onConflictDoNothing()
                  .execute();
          if (inserted == 1) {
            EventLog.append(tx.dsl(), new Request(id, EventWriter.PLATFORM, events));
          }
          return inserted == 1;
        });
    return created
        ? new SessionRow(
            id,
            owner.project(),
            owner.accountId(),
            owner.id(),
            options.agent().model(),
            events.size(),
            false)
        : null;
  }

  /** Whether the session was made by a request for the same options. */
  boolean wasAskedWith(SessionId session, byte[] hash) {
    return db.fetchExists(
        SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session)), SESSIONS.ASKED_HASH.eq(hash));
  }

  /** From now on the session takes no messages. */
  void close(SessionId session) {
    db.update(SESSIONS)
        .set(SESSIONS.CLOSED_AT, currentOffsetDateTime())
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .and(SESSIONS.CLOSED_AT.isNull())
        .execute();
  }

  /** Whether the session's workflow has ended it. */
  boolean isTerminated(SessionId session) {
    return db.fetchExists(
        SESSIONS,
        SESSIONS.SESSION_ID.eq(uuid(session)),
        SESSIONS.STATUS.eq(SessionStatus.TERMINATED.wireName()));
  }

  boolean isClosed(SessionId session) {
    return db.fetchExists(
        SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session)), SESSIONS.CLOSED_AT.isNotNull());
  }

  /** A session is resumed, perhaps under other options: its next sandbox has them. */
  void resume(SessionRow session, EffectiveOptions options) {
    db.transaction(tx -> {
      tx.dsl()
          .update(SESSIONS)
          .set(SESSIONS.OPTIONS, json(options))
          .set(SESSIONS.MODEL, options.agent().model())
          .set(SESSIONS.ALLOWED_MODELS, models(options))
          .where(SESSIONS.SESSION_ID.eq(uuid(session.id())))
          .execute();
      var events = clamped(options);
      if (!events.isEmpty()) {
        EventLog.append(tx.dsl(), new Request(session.id(), EventWriter.PLATFORM, events));
      }
    });
  }

  /** The session of that id, if it belongs to this end user; another's does not exist. */
  public @Nullable SessionRow find(EndUser owner, SessionId id) {
    return db.select(
            SESSIONS.SESSION_ID,
            SESSIONS.PROJECT_ID,
            SESSIONS.ACCOUNT_ID,
            SESSIONS.END_USER_ID,
            SESSIONS.MODEL,
            SESSIONS.LAST_SEQ,
            SESSIONS.CLOSED_AT)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(id)))
        .and(SESSIONS.PROJECT_ID.eq(owner.project().value()))
        .and(SESSIONS.END_USER_ID.eq(owner.id().value()))
        .fetchOne(SessionRecords::row);
  }

  /** Where a session of this end user stands; another's does not exist. */
  public @Nullable Standing standing(EndUser owner, SessionId id) {
    return db.select(
            SESSIONS.STATUS,
            SESSIONS.REASON,
            SESSIONS.STOP_REASON,
            SESSIONS.RESTART_REASON,
            SESSIONS.MODEL,
            SESSIONS.TURNS,
            SESSIONS.LAST_SEQ,
            SESSIONS.CREATED_AT)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(id)))
        .and(SESSIONS.PROJECT_ID.eq(owner.project().value()))
        .and(SESSIONS.END_USER_ID.eq(owner.id().value()))
        .fetchOne(row ->
            new Standing(
                id,
                row.value1(),
                row.value2(),
                row.value3(),
                row.value4(),
                row.value5(),
                row.value6(),
                row.value7(),
                row.value8().toInstant()));
  }

  /** The end user's latest session that has at least one message. */
  @Nullable SessionRow latest(EndUser owner) {
    return db.select(
            SESSIONS.SESSION_ID,
            SESSIONS.PROJECT_ID,
            SESSIONS.ACCOUNT_ID,
            SESSIONS.END_USER_ID,
            SESSIONS.MODEL,
            SESSIONS.LAST_SEQ,
            SESSIONS.CLOSED_AT)
        .from(SESSIONS)
        .where(SESSIONS.PROJECT_ID.eq(owner.project().value()))
        .and(SESSIONS.END_USER_ID.eq(owner.id().value()))
        .and(SESSIONS.CLOSED_AT.isNull())
        .and(exists(selectOne().from(MESSAGES).where(MESSAGES.SESSION_ID.eq(SESSIONS.SESSION_ID))))
        .orderBy(SESSIONS.CREATED_AT.desc())
        .limit(1)
        .fetchOne(SessionRecords::row);
  }

  /** From now on calls of client-side tools go to this connection. */
  void announceTools(SessionId session, String connection) {
    db.update(SESSIONS)
        .set(SESSIONS.TOOL_OWNER, connection)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();
  }

  /** Whether calls of client-side tools go to this connection. */
  public boolean ownsTools(SessionId session, String connection) {
    return db.fetchExists(
        SESSIONS, SESSIONS.SESSION_ID.eq(uuid(session)), SESSIONS.TOOL_OWNER.eq(connection));
  }

  /** Calls that nobody has answered yet, oldest first. */
  public List<ClientToolCalled> openToolCalls(SessionId session) {
    return db
        .select(CLIENT_TOOL_CALLS.CALL_ID)
        .from(CLIENT_TOOL_CALLS)
        .join(SESSIONS)
        .on(
            SESSIONS.SESSION_ID.eq(CLIENT_TOOL_CALLS.SESSION_ID),
            SESSIONS.EPOCH.eq(CLIENT_TOOL_CALLS.EPOCH))
        .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(session)))
        .and(CLIENT_TOOL_CALLS.ANSWERED_AT.isNull())
        .and(CLIENT_TOOL_CALLS.CLOSED_AT.isNull())
        .orderBy(CLIENT_TOOL_CALLS.CALLED_AT)
        .fetch(CLIENT_TOOL_CALLS.CALL_ID)
        .stream()
        .map(call -> toolCall(session, call))
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * Stores a client's answer to a call.
   *
   * @return where the host of the session is to be told, or null when the answer is not wanted: the
   *     call is unknown or over, or its agent was given an answer
   */
  public @Nullable String answerTool(SessionId session, String call, JsonNode result) {
    var taken =
        db.update(CLIENT_TOOL_CALLS)
            .set(CLIENT_TOOL_CALLS.RESULT, JSON.json(result.toString()))
            .set(CLIENT_TOOL_CALLS.ANSWERED_AT, currentOffsetDateTime())
            .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(session)))
            .and(CLIENT_TOOL_CALLS.CALL_ID.eq(call))
            .and(CLIENT_TOOL_CALLS.ANSWERED_AT.isNull())
            .and(CLIENT_TOOL_CALLS.CLOSED_AT.isNull())
            .execute();
    return taken == 0 && !isUndelivered(session, call) ? null : hostUrl(session);
  }

  private boolean isUndelivered(SessionId session, String call) {
    return db.fetchExists(
        CLIENT_TOOL_CALLS,
        CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(session)),
        CLIENT_TOOL_CALLS.CALL_ID.eq(call),
        CLIENT_TOOL_CALLS.ANSWERED_AT.isNotNull(),
        CLIENT_TOOL_CALLS.DELIVERED_AT.isNull(),
        CLIENT_TOOL_CALLS.CLOSED_AT.isNull());
  }

  /** Where the session's sandbox is, null while it has none. */
  public @Nullable String hostUrl(SessionId session) {
    return db.select(SESSIONS.HOST_URL)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .fetchOne(SESSIONS.HOST_URL);
  }

  private @Nullable ClientToolCalled toolCall(SessionId session, String call) {
    var event =
        db.select(EVENTS.PAYLOAD)
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(uuid(session)))
            .and(EVENTS.TYPE.eq(CALLED))
            .orderBy(EVENTS.SEQ.desc())
            .limit(100)
            .fetch(EVENTS.PAYLOAD);
    return event.stream()
        .map(payload -> SessionEvent.of(CALLED, ProtocolJson.mapper().readTree(payload.data())))
        .filter(ClientToolCalled.class::isInstance)
        .map(ClientToolCalled.class::cast)
        .filter(called -> called.callId().equals(call))
        .findFirst()
        .orElse(null);
  }

  private static List<NewEvent> clamped(EffectiveOptions options) {
    return options.clamped().stream()
        .map(clamp -> NewEvent.of("clamped/" + UUID.randomUUID(), clamp))
        .toList();
  }

  private static JSON json(EffectiveOptions options) {
    return JSON.json(ProtocolJson.mapper().writeValueAsString(options.agent()));
  }

  private static String @Nullable [] models(EffectiveOptions options) {
    var models = options.allowedModels();
    return models == null ? null : models.toArray(String[]::new);
  }

  private static SessionRow row(Record row) {
    return new SessionRow(
        new SessionId(row.get(SESSIONS.SESSION_ID).toString()),
        new ProjectId(row.get(SESSIONS.PROJECT_ID)),
        row.get(SESSIONS.ACCOUNT_ID),
        new EndUserId(row.get(SESSIONS.END_USER_ID)),
        row.get(SESSIONS.MODEL),
        row.get(SESSIONS.LAST_SEQ),
        row.get(SESSIONS.CLOSED_AT) != null);
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
