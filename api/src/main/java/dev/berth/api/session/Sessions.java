package dev.berth.api.session;

import static dev.berth.db.generated.Tables.MESSAGES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.api.auth.EndUser;
import dev.berth.api.auth.VerifiedToken;
import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.protocol.event.SessionEvent.MessageAccepted;
import dev.berth.workflows.session.SessionWorkflow.InterruptResult;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What clients do with sessions. */
public final class Sessions {
  private final DSLContext db;
  private final SessionRecords records;
  private final SessionWorkflows workflows;
  private final OptionsPolicy policy;

  public Sessions(
      DSLContext db,
      SessionRecords records,
      SessionWorkflows workflows,
      SessionProperties properties) {
    this.db = db;
    this.records = records;
    this.workflows = workflows;
    this.policy = new OptionsPolicy(properties);
  }

  /**
   * A session that a client works with.
   *
   * @param announced whether the client executes tools
   */
  public record OpenSession(SessionRow row, boolean announced) {}

  /**
   * Opens a session: a new one, the one that the options name, or the latest. Its sandbox is being
   * started when this returns.
   *
   * @param connection names the socket
   * @throws ProblemException {@code INVALID_REQUEST}, {@code SESSION_NOT_FOUND}, {@code
   *     UNAVAILABLE}
   */
  public OpenSession open(VerifiedToken token, SessionOptions options, String connection) {
    var fork = options.forkSession();
    if (fork != null && (fork.asBoolean(false) || fork.asString("").equals("true"))) {
      throw InvalidOptions.invalid("forkSession", true, "not given: forks are not supported yet");
    }
    var effective = policy.decide(options, token.claims());
    var resumed = resumed(token.user(), options);
    var session = resumed == null ? records.create(token.user(), effective) : resumed;
    if (resumed != null) {
      records.resume(resumed, effective);
    }
    if (effective.hasClientTools()) {
      records.announceTools(session.id(), connection);
    }
    workflows.open(session, connection);
    return new OpenSession(session, effective.hasClientTools());
  }

  /**
   * What became of a message.
   *
   * @param seq number of its event in the log
   * @param position how many messages run before it
   * @param repeated whether it was here before
   */
  public record Accepted(MessageId id, long seq, int position, boolean repeated) {}

  /**
   * Takes a message: it is stored first, then the session is told. The same message again changes
   * nothing.
   *
   * @throws ProblemException {@code INVALID_REQUEST}; {@code MESSAGE_CONFLICT} when the id was used
   *     for another content; {@code UNAVAILABLE} when it is stored and the session could not be
   *     told
   */
  public Accepted submit(SessionRow session, MessageId id, @Nullable JsonNode content) {
    var checked = MessageContent.checked(content);
    var text = checked.toString().getBytes(UTF_8);
    var stored = db.transactionResult(tx -> store(tx.dsl(), session.id(), id, checked, text));
    var result = workflows.submit(session, id, text.length);
    db.update(MESSAGES)
        .set(MESSAGES.TAKEN_AT, currentOffsetDateTime())
        .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.id().value())))
        .and(MESSAGES.MESSAGE_ID.eq(UUID.fromString(id.value())))
        .and(MESSAGES.TAKEN_AT.isNull())
        .execute();
    return new Accepted(id, stored.seq(), result.position(), stored.repeated());
  }

  public InterruptResult interrupt(SessionRow session) {
    return workflows.interrupt(session);
  }

  /**
   * A socket is gone.
   *
   * @param asked whether the client said that it closes
   */
  public void disconnected(SessionRow session, String connection, boolean asked) {
    workflows.disconnected(session, connection, asked);
  }

  private @Nullable SessionRow resumed(EndUser user, SessionOptions options) {
    var name = options.resumedSession();
    if (name != null && !name.isBlank()) {
      var found = find(user, name);
      if (found == null) {
        throw new ProblemException(
            ProblemType.SESSION_NOT_FOUND,
            "Session not found: %s. Start a new one without sessionId."
                .formatted(name.length() > 64 ? name.substring(0, 64) + "…" : name));
      }
      return found;
    }
    return Boolean.TRUE.equals(options.continueLatest()) ? records.latest(user) : null;
  }

  private @Nullable SessionRow find(EndUser user, String name) {
    try {
      return records.find(user, new SessionId(name.toLowerCase(Locale.ROOT)));
    } catch (IllegalArgumentException notAnId) {
      return null;
    }
  }

  record Stored(long seq, boolean repeated) {}

  static Stored store(
      DSLContext tx, SessionId session, MessageId id, JsonNode content, byte[] text) {
    var hash = sha256(text);
    var event =
        NewEvent.of(
                "message/" + id + "/accepted", new MessageAccepted(MessageContent.logged(content)))
            .inTurn(new TurnId(id.value()), id);
    // The append locks the session's row: of two equal messages at once the second waits here.
    var outcome = EventLog.append(tx, new Request(session, EventWriter.PLATFORM, List.of(event)));
    if (!(outcome instanceof Appended appended)) {
      throw new ProblemException(
          ProblemType.SESSION_NOT_FOUND, "Session not found: %s.".formatted(session));
    }
    var numbered = appended.events().getFirst();
    if (!numbered.fresh()) {
      return requireNonNull(known(tx, session, id, hash));
    }
    tx.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, UUID.fromString(session.value()))
        .set(MESSAGES.MESSAGE_ID, UUID.fromString(id.value()))
        .set(MESSAGES.CONTENT, JSON.json(new String(text, UTF_8)))
        .set(MESSAGES.CONTENT_HASH, hash)
        .set(MESSAGES.BYTES, text.length)
        .set(MESSAGES.ACCEPTED_SEQ, numbered.seq())
        .execute();
    return new Stored(numbered.seq(), false);
  }

  private static @Nullable Stored known(
      DSLContext tx, SessionId session, MessageId id, byte[] hash) {
    var row =
        tx.select(MESSAGES.CONTENT_HASH, MESSAGES.ACCEPTED_SEQ)
            .from(MESSAGES)
            .where(MESSAGES.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(MESSAGES.MESSAGE_ID.eq(UUID.fromString(id.value())))
            .fetchOne();
    if (row == null) {
      return null;
    }
    if (!Arrays.equals(row.value1(), hash)) {
      throw new ProblemException(
          ProblemType.MESSAGE_CONFLICT,
          "Invalid message: the id %s was used for another message; choose a new one."
              .formatted(id));
    }
    return new Stored(row.value2(), true);
  }

  private static byte[] sha256(byte[] text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text);
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
