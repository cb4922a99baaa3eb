package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;

import dev.berth.activities.Outages;
import dev.berth.db.AppendOutcome;
import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.ApprovalLog;
import dev.berth.db.ApprovalLog.Standing.Answered;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.NewEvent;
import dev.berth.protocol.HostId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.SessionActivities;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;

/** Epochs, events and ends of turns, in PostgreSQL. */
public final class DatabaseSessionActivities implements SessionActivities {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int SANDBOX_ID_BYTES = 8;

  private final DSLContext db;
  private final TurnEnds turnEnds;
  private final Placement placement;
  private final String image;
  private final String tier;

  /**
   * @param image the image that sandboxes are made from now
   * @param tier the size that they get
   */
  public DatabaseSessionActivities(
      DSLContext db, TurnEnds turnEnds, Placement placement, String image, String tier) {
    this.db = db;
    this.turnEnds = turnEnds;
    this.placement = placement;
    this.image = image;
    this.tier = tier;
  }

  @Override
  public Allocated allocate(AllocateInput input) {
    try {
      return db.transactionResult(tx -> allocate(tx.dsl(), input));
    } catch (DataAccessException failed) {
      var away = Outages.away(failed);
      throw away == null ? failed : Failures.away(away);
    }
  }

  @Override
  public RecordResult record(RecordInput input) {
    return new RecordResult(append(db, input.sessionId(), input.events()));
  }

  @Override
  public EndTurnResult endTurn(EndTurnInput input) {
    var before = turnEnds.find(input.sessionId(), input.turnId());
    if (before != null) {
      return new EndTurnResult(before.reason());
    }
    var event =
        turnEnds.event(
            input.sessionId(),
            input.turnId(),
            input.messageId(),
            input.stopReason(),
            input.problem());
    var outcome =
        EventLog.append(db, new Request(input.sessionId(), EventWriter.PLATFORM, List.of(event)));
    requireAppended(input.sessionId(), outcome);
    var stands = turnEnds.find(input.sessionId(), input.turnId());
    return new EndTurnResult(stands == null ? input.stopReason() : stands.reason());
  }

  @Override
  public ApprovalStands answerApproval(AnswerApprovalInput input) {
    return new ApprovalStands(
        ApprovalLog.answer(db, input.sessionId(), input.answer()) instanceof Answered(var stands)
            ? stands
            : null);
  }

  @Override
  public boolean hasAnotherHost(AnotherHostInput input) {
    return placement.hasAnother(input.hostId());
  }

  @Override
  public void withdrawApprovals(WithdrawApprovalsInput input) {
    ApprovalLog.withdrawAll(db, input.sessionId());
  }

  private Allocated allocate(DSLContext tx, AllocateInput input) {
    var session =
        tx.select(SESSIONS.EPOCH, SESSIONS.FENCED_BY)
            .from(SESSIONS)
            .where(SESSIONS.SESSION_ID.eq(uuid(input.sessionId())))
            .forNoKeyUpdate()
            .fetchOne();
    if (session == null) {
      throw Failures.of(missing(input.sessionId()));
    }
    if (input.key().equals(session.value2())) {
      return allocated(tx, input.sessionId(), session.value1());
    }
    var epoch = session.value1() + 1;
    var host = placement.choose(tx, input.avoid());
    var sandbox = sandboxId();
    tx.update(SESSIONS)
        .set(SESSIONS.EPOCH, epoch)
        .set(SESSIONS.FENCED_BY, input.key())
        .where(SESSIONS.SESSION_ID.eq(uuid(input.sessionId())))
        .execute();
    tx.insertInto(SANDBOXES)
        .set(SANDBOXES.SANDBOX_ID, sandbox.value())
        .set(SANDBOXES.HOST_ID, host.value())
        .set(SANDBOXES.SESSION_ID, uuid(input.sessionId()))
        .set(SANDBOXES.EPOCH, epoch)
        .set(SANDBOXES.IMAGE, image)
        .set(SANDBOXES.TIER, tier)
        .execute();
    if (!input.events().isEmpty()) {
      append(tx, input.sessionId(), input.events());
    }
    return new Allocated(host, sandbox, epoch);
  }

  private static Allocated allocated(DSLContext tx, SessionId session, int epoch) {
    var row =
        tx.select(SANDBOXES.HOST_ID, SANDBOXES.SANDBOX_ID)
            .from(SANDBOXES)
            .where(SANDBOXES.SESSION_ID.eq(uuid(session)))
            .and(SANDBOXES.EPOCH.eq(epoch))
            .fetchSingle();
    return new Allocated(new HostId(row.value1()), new SandboxId(row.value2()), epoch);
  }

  private static long append(DSLContext db, SessionId session, List<NamedEvent> events) {
    var outcome =
        EventLog.append(
            db,
            new Request(
                session,
                EventWriter.PLATFORM,
                events.stream().map(event -> NewEvent.of(event.id(), event.event())).toList()));
    return requireAppended(session, outcome).lastSeq();
  }

  private static Appended requireAppended(SessionId session, AppendOutcome outcome) {
    return switch (outcome) {
      case Appended appended -> appended;
      case AppendOutcome.SessionMissing() -> throw Failures.of(missing(session));
      case AppendOutcome.Superseded() ->
          throw new IllegalStateException("the platform itself has no epoch");
    };
  }

  private static Problem missing(SessionId session) {
    return new Problem(ProblemType.SESSION_NOT_FOUND, "Session not found: %s.".formatted(session));
  }

  private static SandboxId sandboxId() {
    var bytes = new byte[SANDBOX_ID_BYTES];
    RANDOM.nextBytes(bytes);
    return new SandboxId("sb-" + HexFormat.of().formatHex(bytes));
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
