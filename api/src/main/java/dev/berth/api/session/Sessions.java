package dev.berth.api.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.api.auth.EndUser;
import dev.berth.api.auth.VerifiedToken;
import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.api.session.SessionRestarts.Restarted;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.session.SessionWorkflow.InterruptResult;
import java.util.Locale;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/** What clients do with sessions. */
public final class Sessions {
  /** Why a session was closed, when its user closed it. */
  private static final String DELETED = "deleted";

  private final MessageRecords messages;
  private final SessionRecords records;
  private final SessionWorkflows workflows;
  private final OptionsPolicy policy;
  private final SessionRestarts restarts;
  private final OpenSockets sockets;

  public Sessions(
      DSLContext db,
      SessionRecords records,
      SessionWorkflows workflows,
      SessionProperties properties,
      OpenSockets sockets) {
    this.messages = new MessageRecords(db);
    this.records = records;
    this.workflows = workflows;
    this.policy = new OptionsPolicy(properties);
    this.restarts = new SessionRestarts(db);
    this.sockets = sockets;
  }

  /**
   * A session that a client works with.
   *
   * @param created whether this request, or the one that it repeats, made it
   * @param announced whether the client executes tools
   */
  public record OpenSession(SessionRow row, boolean created, boolean announced) {}

  /**
   * Opens a session: a new one, the one that the options name, or the latest. Its sandbox is being
   * started when this returns.
   *
   * @param connection names the socket; null when the client has none
   * @param key the client's name for this request: under the same key the same user gets the same
   *     session; null when the client will not repeat it
   * @throws ProblemException {@code INVALID_REQUEST}, {@code SESSION_NOT_FOUND}, {@code
   *     SESSION_CLOSED}, {@code UNAVAILABLE}; {@code SESSION_CONFLICT} when the key was used with
   *     other options
   */
  public OpenSession open(
      VerifiedToken token,
      SessionOptions options,
      @Nullable String connection,
      @Nullable String key) {
    var fork = options.forkSession();
    if (fork != null && (fork.asBoolean(false) || fork.asString("").equals("true"))) {
      throw InvalidOptions.invalid("forkSession", true, "not given: forks are not supported yet");
    }
    var effective = policy.decide(options, token.claims());
    var resumed = resumed(token.user(), options);
    var session =
        resumed != null
            ? resumed
            : key == null
                ? records.create(token.user(), effective)
                : named(token.user(), key, options, effective);
    if (session.closed()) {
      if (resumed != null) {
        throw closed(session.id());
      }
      return new OpenSession(session, true, false);
    }
    if (resumed != null) {
      records.resume(resumed, effective);
    }
    var announced = connection != null && effective.hasClientTools();
    if (connection == null) {
      announce(session, resumed != null, null);
      return new OpenSession(session, resumed == null, false);
    }
    try {
      if (announced) {
        records.announceTools(session.id(), connection);
      }
      sockets.opened(session.id(), connection);
      announce(session, resumed != null, connection);
    } catch (RuntimeException failed) {
      // The session may hear of the socket all the same, or have heard.
      sockets.untold(connection, false);
      throw failed;
    }
    return new OpenSession(session, resumed == null, announced);
  }

  private void announce(SessionRow session, boolean resumed, @Nullable String connection) {
    var _ = workflows.open(session, connection);
    if (resumed && records.isClosed(session.id())) {
      // Closed meanwhile: what was begun for it ends.
      workflows.close(session, DELETED);
      throw closed(session.id());
    }
  }

  /**
   * What became of a message.
   *
   * @param seq number of its event in the log
   * @param position how many messages were to run before it when the session took it
   * @param repeated whether it was here before
   */
  public record Accepted(MessageId id, long seq, int position, boolean repeated) {}

  /**
   * Takes a message: it is stored first, then the session is told. The same message again changes
   * nothing and is answered from its row; the session is told again unless the turn has ended, in
   * case the first time did not reach it.
   *
   * @throws ProblemException {@code MESSAGE_CONFLICT} when the id was used for another content;
   *     {@code MESSAGE_WITHDRAWN}; {@code SESSION_BUSY} by {@link SendPolicy#REJECT}; {@code
   *     SESSION_CLOSED}; {@code UNAVAILABLE} when it is stored and the session could not be told
   */
  public Accepted submit(SessionRow session, Message message) {
    var stored = messages.store(session.id(), message);
    var position = stored.ended() ? 0 : tell(session, message);
    return new Accepted(
        message.id(),
        stored.seq(),
        messages.taken(session.id(), message.id(), position),
        stored.repeated());
  }

  /**
   * Withdraws a message that still waits: it never runs. Again and again as often as need be.
   *
   * @throws ProblemException {@code MESSAGE_NOT_FOUND}; {@code MESSAGE_NOT_WAITING} when it runs or
   *     has ended; {@code UNAVAILABLE}, and then it may have been withdrawn
   */
  public void withdraw(SessionRow session, MessageId message) {
    if (!messages.exists(session.id(), message)) {
      throw new ProblemException(
          ProblemType.MESSAGE_NOT_FOUND,
          "Invalid message: %s was not found in session %s.".formatted(message, session.id()));
    }
    if (messages.end(session.id(), message) == null
        && workflows.withdraw(session, message, () -> records.isClosed(session.id())).withdrawn()) {
      return;
    }
    var end = messages.end(session.id(), message);
    if (end == null || end.reason() != StopReason.WITHDRAWN) {
      throw new ProblemException(
          ProblemType.MESSAGE_NOT_WAITING,
          end == null
              ? "Invalid message: %s runs and cannot be withdrawn; interrupt it instead."
                  .formatted(message)
              : "Invalid message: %s has ended (%s) and cannot be withdrawn."
                  .formatted(message, end.reason().wireName()));
    }
  }

  /** Interrupts what runs, and answers at once what will be cut. */
  public InterruptResult interrupt(SessionRow session) {
    return workflows.interrupt(session, null, false);
  }

  /**
   * Interrupts what runs, and answers when its turn has ended.
   *
   * @param message the message whose turn is meant; null for whichever runs
   * @return what was cut: nothing when nothing ran, or the turn was faster
   * @throws ProblemException {@code SESSION_CLOSED}, {@code UNAVAILABLE}
   */
  public InterruptResult interruptAndWait(SessionRow session, @Nullable MessageId message) {
    if (session.closed()) {
      throw closed(session.id());
    }
    return workflows.interrupt(session, message, true);
  }

  /**
   * Closes a session for good: what runs is cut, what waits ends as closed, and from here on every
   * message is refused. Its log stays readable. Closing it again changes nothing.
   *
   * @throws ProblemException {@code UNAVAILABLE}: it takes no messages any more, and is closed when
   *     this is repeated
   */
  public void close(SessionRow session) {
    records.close(session.id());
    if (!records.isTerminated(session.id())) {
      workflows.close(session, DELETED);
    }
    messages.endUntaken(session.id());
  }

  /**
   * A socket is gone.
   *
   * @param asked whether the client said that it closes
   */
  public void disconnected(SessionRow session, String connection, boolean asked) {
    try {
      workflows.disconnected(session, connection, asked);
    } catch (RuntimeException away) {
      sockets.untold(connection, asked);
      throw away;
    }
    sockets.told(connection);
  }

  /**
   * Lets a session go on that lost its transcript.
   *
   * @throws ProblemException as {@link SessionRestarts#restart}
   */
  public Restarted restart(SessionRow session) {
    return restarts.restart(session);
  }

  static ProblemException closed(SessionId session) {
    return new ProblemException(
        ProblemType.SESSION_CLOSED, "Session %s is closed; start a new one.".formatted(session));
  }

  /** Gives the position that the session told. */
  private int tell(SessionRow session, Message message) {
    try {
      var told = workflows.submit(session, message, () -> records.isClosed(session.id()));
      if (!told.closed()) {
        return told.position();
      }
    } catch (ProblemException refused) {
      if (refused.problem().type() != ProblemType.SESSION_CLOSED) {
        throw refused;
      }
    }
    messages.endUntaken(session.id());
    throw closed(session.id());
  }

  /** The session of that key: its id follows from whose key it is. */
  private SessionRow named(
      EndUser user, String key, SessionOptions options, EffectiveOptions effective) {
    var name = "session\n%s\n%s\n%s".formatted(user.project(), user.id(), key);
    var id = new SessionId(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)).toString());
    var hash = Message.sha256(ProtocolJson.mapper().writeValueAsString(options));
    var created = records.create(user, effective, id, hash);
    if (created != null) {
      return created;
    }
    var known = records.find(user, id);
    if (known == null || !records.wasAskedWith(id, hash)) {
      throw new ProblemException(
          ProblemType.SESSION_CONFLICT,
          "Invalid request: the Idempotency-Key %s was used for a session with other options; choose a new one."
              .formatted(key));
    }
    return known;
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
}
