package dev.berth.activities.sandbox;

import static dev.berth.db.generated.Tables.CLIENT_TOOL_CALLS;
import static dev.berth.db.generated.Tables.EVENTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.noCondition;
import static org.jooq.impl.DSL.notExists;
import static org.jooq.impl.DSL.selectOne;

import dev.berth.activities.session.TurnEnds;
import dev.berth.protocol.HostId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.AgentOptions;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent.SandboxEnded;
import java.net.URI;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Record;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What the database says of sandboxes and of the sessions that they serve. */
public final class SandboxRecords {
  private final DSLContext db;
  private final HostId host;
  private final URI hostUrl;

  /**
   * @param hostUrl where the api nodes reach this host
   */
  public SandboxRecords(DSLContext db, HostId host, URI hostUrl) {
    this.db = db;
    this.host = host;
    this.hostUrl = hostUrl;
  }

  /** A sandbox that serves a session. */
  public record Serving(ProjectId project, SessionId session, SandboxId sandbox, int epoch) {}

  /**
   * The sandbox's session, when that still has the sandbox's epoch and the sandbox is not ended: by
   * its row, or by the log, where the session's workflow says it when the host does not answer. An
   * end that is older than the claim is that of a start that failed and was repeated.
   */
  public @Nullable Serving serving(SandboxId sandbox) {
    return db.select(SESSIONS.PROJECT_ID, SESSIONS.SESSION_ID, SANDBOXES.EPOCH)
        .from(SANDBOXES)
        .join(SESSIONS)
        .on(SESSIONS.SESSION_ID.eq(SANDBOXES.SESSION_ID), SESSIONS.EPOCH.eq(SANDBOXES.EPOCH))
        .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
        .and(SANDBOXES.ENDED_AT.isNull())
        .and(
            notExists(
                selectOne()
                    .from(EVENTS)
                    .where(EVENTS.SESSION_ID.eq(SESSIONS.SESSION_ID))
                    .and(EVENTS.EVENT_ID.eq(SandboxEnded.id(sandbox)))
                    .and(EVENTS.AT.gt(SANDBOXES.CLAIMED_AT))))
        .fetchOne(row -> serving(row, sandbox));
  }

  /** Sandboxes of this host that the database takes for alive. */
  public List<SandboxId> alive() {
    return db.select(SANDBOXES.SANDBOX_ID)
        .from(SANDBOXES)
        .where(SANDBOXES.HOST_ID.eq(host.value()))
        .and(SANDBOXES.ENDED_AT.isNull())
        .and(SANDBOXES.CLAIMED_AT.isNotNull())
        .fetch(row -> new SandboxId(row.value1()));
  }

  /**
   * Ends sandboxes of this host that never came up and will not: their session has another one
   * since, or is over. They would count as here for ever.
   *
   * @return how many
   */
  public int endThoseThatNeverCameUp() {
    return db.update(SANDBOXES)
        .set(SANDBOXES.ENDED_AT, currentOffsetDateTime())
        .set(SANDBOXES.END_REASON, SandboxEndReason.START_FAILED.wireName())
        .set(SANDBOXES.END_DETAIL, "never came up")
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(SANDBOXES.SESSION_ID))
        .and(SANDBOXES.HOST_ID.eq(host.value()))
        .and(SANDBOXES.CLAIMED_AT.isNull())
        .and(SANDBOXES.ENDED_AT.isNull())
        .and(SANDBOXES.EPOCH.lt(SESSIONS.EPOCH).or(SESSIONS.CLOSED_AT.isNotNull()))
        .execute();
  }

  /** Whether the sandbox has come up. */
  public boolean isClaimed(SandboxId sandbox) {
    return db.fetchExists(
        SANDBOXES, SANDBOXES.SANDBOX_ID.eq(sandbox.value()).and(SANDBOXES.CLAIMED_AT.isNotNull()));
  }

  /** Those of the sandboxes that have not ended: they run, or are being started. */
  public Set<SandboxId> unended(Collection<SandboxId> sandboxes) {
    return db.select(SANDBOXES.SANDBOX_ID)
        .from(SANDBOXES)
        .where(SANDBOXES.SANDBOX_ID.in(values(sandboxes)))
        .and(SANDBOXES.ENDED_AT.isNull())
        .fetchSet(row -> new SandboxId(row.value1()));
  }

  /**
   * Those of the sandboxes whose files a session may still want: it is not closed, and has not gone
   * on on another host since.
   */
  public Set<SandboxId> ofOpenSessions(Collection<SandboxId> sandboxes) {
    var later = SANDBOXES.as("later");
    return db.select(SANDBOXES.SANDBOX_ID)
        .from(SANDBOXES)
        .join(SESSIONS)
        .on(SESSIONS.SESSION_ID.eq(SANDBOXES.SESSION_ID))
        .where(SANDBOXES.SANDBOX_ID.in(values(sandboxes)))
        .and(SESSIONS.CLOSED_AT.isNull())
        .and(
            notExists(
                selectOne()
                    .from(later)
                    .where(later.SESSION_ID.eq(SANDBOXES.SESSION_ID))
                    .and(later.EPOCH.gt(SANDBOXES.EPOCH))
                    .and(later.HOST_ID.ne(host.value()))
                    .and(later.CLAIMED_AT.isNotNull())))
        .fetchSet(row -> new SandboxId(row.value1()));
  }

  private static List<String> values(Collection<SandboxId> sandboxes) {
    return sandboxes.stream().map(SandboxId::value).toList();
  }

  /** Sandboxes that served the session before this one, on this host, latest first. */
  public List<SandboxId> earlier(SessionId session, int epoch) {
    return db.select(SANDBOXES.SANDBOX_ID)
        .from(SANDBOXES)
        .where(SANDBOXES.SESSION_ID.eq(uuid(session)))
        .and(SANDBOXES.HOST_ID.eq(host.value()))
        .and(SANDBOXES.EPOCH.lt(epoch))
        .orderBy(SANDBOXES.EPOCH.desc())
        .fetch(row -> new SandboxId(row.value1()));
  }

  /** Whether a later sandbox of the same session came up on another host. */
  public boolean servedElsewhereSince(SandboxId sandbox) {
    var later = SANDBOXES.as("later");
    return db.fetchExists(
        db.selectOne()
            .from(SANDBOXES)
            .join(later)
            .on(later.SESSION_ID.eq(SANDBOXES.SESSION_ID), later.EPOCH.gt(SANDBOXES.EPOCH))
            .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
            .and(later.HOST_ID.ne(host.value()))
            .and(later.CLAIMED_AT.isNotNull()));
  }

  /**
   * The other host that had the session before this sandbox, when nobody has said since that its
   * sandbox ended; null otherwise.
   */
  public @Nullable HostId lostHost(Serving serving) {
    return db
        .select(SANDBOXES.HOST_ID)
        .from(SANDBOXES)
        .where(SANDBOXES.SESSION_ID.eq(uuid(serving.session())))
        .and(SANDBOXES.EPOCH.lt(serving.epoch()))
        .and(SANDBOXES.CLAIMED_AT.isNotNull())
        .orderBy(SANDBOXES.EPOCH.desc())
        .limit(1)
        .fetch()
        .stream()
        .map(row -> row.get(SANDBOXES.HOST_ID))
        .filter(earlier -> !earlier.equals(host.value()))
        .map(HostId::new)
        .findFirst()
        .filter(earlier -> isUnended(serving, earlier))
        .orElse(null);
  }

  private boolean isUnended(Serving serving, HostId earlier) {
    return db.fetchExists(
        SANDBOXES,
        SANDBOXES
            .SESSION_ID
            .eq(uuid(serving.session()))
            .and(SANDBOXES.HOST_ID.eq(earlier.value()))
            .and(SANDBOXES.EPOCH.lt(serving.epoch()))
            .and(SANDBOXES.CLAIMED_AT.isNotNull())
            .and(SANDBOXES.ENDED_AT.isNull()));
  }

  /**
   * The sandbox is up: the session's row points to this host from now on.
   *
   * @return whether it serves the session: false when another one has taken that over
   */
  public boolean claimed(Serving serving) {
    return db.transactionResult(tx -> {
      tx.dsl()
          .update(SANDBOXES)
          .set(SANDBOXES.CLAIMED_AT, currentOffsetDateTime())
          .where(SANDBOXES.SANDBOX_ID.eq(serving.sandbox().value()))
          .execute();
      // An earlier attempt at its start may have failed.
      tx.dsl()
          .update(SANDBOXES)
          .setNull(SANDBOXES.ENDED_AT)
          .setNull(SANDBOXES.END_REASON)
          .setNull(SANDBOXES.END_DETAIL)
          .where(SANDBOXES.SANDBOX_ID.eq(serving.sandbox().value()))
          .and(SANDBOXES.END_REASON.eq(SandboxEndReason.START_FAILED.wireName()))
          .execute();
      var served =
          tx.dsl()
              .update(SESSIONS)
              .set(SESSIONS.HOST_ID, host.value())
              .set(SESSIONS.HOST_URL, hostUrl.toString())
              .where(SESSIONS.SESSION_ID.eq(uuid(serving.session())))
              .and(SESSIONS.EPOCH.eq(serving.epoch()))
              .execute();
      tx.dsl().execute("select pg_notify('berth_host', ?)", serving.session().value());
      return served == 1;
    });
  }

  /** The sandbox is gone: nobody is to look for the session on this host any more. */
  public void ended(SandboxId sandbox, SandboxEndReason reason, String detail) {
    db.transaction(tx -> {
      tx.dsl()
          .update(SANDBOXES)
          .set(SANDBOXES.ENDED_AT, currentOffsetDateTime())
          .set(SANDBOXES.END_REASON, reason.wireName())
          .set(SANDBOXES.END_DETAIL, detail)
          .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
          .and(SANDBOXES.ENDED_AT.isNull())
          .execute();
      tx.dsl()
          .update(SESSIONS)
          .setNull(SESSIONS.HOST_ID)
          .setNull(SESSIONS.HOST_URL)
          .from(SANDBOXES)
          .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
          .and(SESSIONS.SESSION_ID.eq(SANDBOXES.SESSION_ID))
          .and(SESSIONS.EPOCH.eq(SANDBOXES.EPOCH))
          .execute();
    });
  }

  /** The next attachment number, or nothing when the epoch has been replaced. */
  public OptionalInt attach(Serving serving) {
    var number =
        db.update(SESSIONS)
            .set(SESSIONS.ATTACHMENT, SESSIONS.ATTACHMENT.plus(1))
            .where(SESSIONS.SESSION_ID.eq(uuid(serving.session())))
            .and(SESSIONS.EPOCH.eq(serving.epoch()))
            .returningResult(SESSIONS.ATTACHMENT)
            .fetchOne(SESSIONS.ATTACHMENT);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** Whether no other sandbox has taken the session over. */
  public boolean isCurrent(Serving serving) {
    return db.fetchExists(
        SESSIONS,
        SESSIONS.SESSION_ID.eq(uuid(serving.session())).and(SESSIONS.EPOCH.eq(serving.epoch())));
  }

  /** The number of the latest attachment. */
  public int attachment(SessionId session) {
    return db.select(SESSIONS.ATTACHMENT)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .fetchSingle()
        .value1();
  }

  /** Whether no worker has taken hold of the sandbox's bridge since this attachment. */
  public boolean isLatest(Serving serving, int attachment) {
    return db.fetchExists(
        SESSIONS,
        SESSIONS
            .SESSION_ID
            .eq(uuid(serving.session()))
            .and(SESSIONS.EPOCH.gt(serving.epoch()).or(SESSIONS.ATTACHMENT.le(attachment))));
  }

  public AgentOptions options(SessionId session) {
    var json =
        db.select(SESSIONS.OPTIONS)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(uuid(session)))
            .fetchSingle()
            .value1();
    return ProtocolJson.mapper().readValue(json.data(), AgentOptions.class);
  }

  /** The turn that began in the sandbox and has not ended. */
  public Optional<TurnId> openTurn(Serving serving) {
    return db
        .select(MESSAGES.MESSAGE_ID)
        .from(MESSAGES)
        .where(MESSAGES.SESSION_ID.eq(uuid(serving.session())))
        .and(MESSAGES.ENDED_AT.isNull())
        .fetch(row -> new TurnId(row.value1().toString()))
        .stream()
        .filter(turn -> isLogged(serving, TurnEnds.startId(turn, serving.epoch())))
        .findFirst();
  }

  /** The session's turn that began, in whichever sandbox, and has not ended; null without one. */
  public @Nullable TurnId begunTurn(SessionId session) {
    return db.select(MESSAGES.MESSAGE_ID)
        .from(MESSAGES)
        .where(MESSAGES.SESSION_ID.eq(uuid(session)))
        .and(MESSAGES.ENDED_AT.isNull())
        .and(
            exists(
                selectOne()
                    .from(EVENTS)
                    .where(EVENTS.SESSION_ID.eq(MESSAGES.SESSION_ID))
                    .and(EVENTS.MESSAGE_ID.eq(MESSAGES.MESSAGE_ID))
                    .and(EVENTS.SEQ.gt(MESSAGES.ACCEPTED_SEQ))
                    .and(EVENTS.TYPE.eq("turn.started"))))
        .orderBy(MESSAGES.ACCEPTED_SEQ)
        .limit(1)
        .fetchOne(row -> new TurnId(row.value1().toString()));
  }

  private boolean isLogged(Serving serving, String eventId) {
    return db.fetchExists(
        EVENTS, EVENTS.SESSION_ID.eq(uuid(serving.session())).and(EVENTS.EVENT_ID.eq(eventId)));
  }

  /** Remembers that the agent waits for a client's tool. */
  public void toolCalled(Serving serving, BridgeFrame.ClientToolCall call) {
    db.insertInto(CLIENT_TOOL_CALLS)
        .set(CLIENT_TOOL_CALLS.SESSION_ID, uuid(serving.session()))
        .set(CLIENT_TOOL_CALLS.CALL_ID, call.callId())
        .set(CLIENT_TOOL_CALLS.EPOCH, serving.epoch())
        .onConflictDoNothing()
        .execute();
  }

  public void toolClosed(Serving serving, BridgeFrame.ClientToolClosed closed) {
    db.update(CLIENT_TOOL_CALLS)
        .set(CLIENT_TOOL_CALLS.CLOSED_AT, currentOffsetDateTime())
        .set(CLIENT_TOOL_CALLS.OUTCOME, closed.outcome().wireName())
        .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(serving.session())))
        .and(CLIENT_TOOL_CALLS.CALL_ID.eq(closed.callId()))
        .and(CLIENT_TOOL_CALLS.CLOSED_AT.isNull())
        .execute();
  }

  /** Answers of clients that a bridge of this epoch, which is there anew, may not have. */
  public List<BridgeCommand.ClientToolResult> toolResults(Serving serving) {
    return toolResults(serving, noCondition());
  }

  /** Answers of clients that no bridge was given. */
  public List<BridgeCommand.ClientToolResult> undelivered(Serving serving) {
    return toolResults(serving, CLIENT_TOOL_CALLS.DELIVERED_AT.isNull());
  }

  private List<BridgeCommand.ClientToolResult> toolResults(Serving serving, Condition which) {
    return db.select(CLIENT_TOOL_CALLS.CALL_ID, CLIENT_TOOL_CALLS.RESULT)
        .from(CLIENT_TOOL_CALLS)
        .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(serving.session())))
        .and(CLIENT_TOOL_CALLS.EPOCH.eq(serving.epoch()))
        .and(CLIENT_TOOL_CALLS.ANSWERED_AT.isNotNull())
        .and(CLIENT_TOOL_CALLS.CLOSED_AT.isNull())
        .and(which)
        .orderBy(CLIENT_TOOL_CALLS.ANSWERED_AT)
        .fetch(row -> result(row.value1(), row.value2().data()));
  }

  /** The bridge was given these answers. */
  public void delivered(Serving serving, List<BridgeCommand.ClientToolResult> answers) {
    db.update(CLIENT_TOOL_CALLS)
        .set(CLIENT_TOOL_CALLS.DELIVERED_AT, currentOffsetDateTime())
        .where(CLIENT_TOOL_CALLS.SESSION_ID.eq(uuid(serving.session())))
        .and(
            CLIENT_TOOL_CALLS.CALL_ID.in(
                answers.stream().map(BridgeCommand.ClientToolResult::callId).toList()))
        .and(CLIENT_TOOL_CALLS.DELIVERED_AT.isNull())
        .execute();
  }

  /** The calls of a sandbox that wait for a person, and the bridge that is told of answers. */
  SandboxApprovals approvals(Serving serving, Consumer<BridgeCommand> bridge) {
    return new SandboxApprovals(db, serving, bridge);
  }

  private static BridgeCommand.ClientToolResult result(String call, String json) {
    var result = ProtocolJson.mapper().readTree(json);
    return new BridgeCommand.ClientToolResult(
        call,
        result.path("content").valueStream().<JsonNode>map(item -> item).toList(),
        result.path("isError").asBoolean(false));
  }

  private static Serving serving(Record row, SandboxId sandbox) {
    return new Serving(
        new ProjectId(row.get(SESSIONS.PROJECT_ID)),
        new SessionId(row.get(SESSIONS.SESSION_ID).toString()),
        sandbox,
        row.get(SANDBOXES.EPOCH));
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
