package dev.berth.api.session;

import dev.berth.api.session.SessionRecords.SessionRow;
import dev.berth.db.ApprovalLog;
import dev.berth.db.ApprovalLog.Standing;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.event.ApprovalDecision;
import dev.berth.protocol.event.ApprovalSource;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/** What persons decide about tool calls that wait for them. */
public final class Approvals {
  private final DSLContext db;
  private final SessionRecords records;
  private final SessionWorkflows workflows;

  public Approvals(DSLContext db, SessionRecords records, SessionWorkflows workflows) {
    this.db = db;
    this.records = records;
    this.workflows = workflows;
  }

  /**
   * Decides about a call. The decision is in the log when this returns, and holds whatever dies;
   * the same decision again gets the same answer.
   *
   * @param reason what the model is to hear of it, when the call does not run
   * @return the decision that stands, with the reason that was given first
   * @throws ProblemException {@code APPROVAL_NOT_FOUND}; {@code APPROVAL_CONFLICT} when another
   *     decision stands; {@code APPROVAL_ENDED} when the call waits no more; {@code
   *     SESSION_CLOSED}; {@code UNAVAILABLE}
   */
  public ApprovalAnswered answer(
      SessionRow session, String toolUseId, ApprovalDecision decision, @Nullable String reason) {
    return switch (ApprovalLog.find(db, session.id(), toolUseId)) {
      case Standing.Unknown() ->
          throw new ProblemException(
              ProblemType.APPROVAL_NOT_FOUND,
              "Invalid approval: no call %s waits or waited in session %s; its id is in the event approval.requested."
                  .formatted(shown(toolUseId), session.id()));
      case Standing.Ended() -> throw ended(toolUseId, "ended");
      case Standing.Answered(var stands) -> settled(stands, decision);
      case Standing.Open() -> {
        var answer = new ApprovalAnswered(toolUseId, decision, reason, ApprovalSource.USER);
        var stands =
            workflows.answerApproval(session, answer, () -> records.isClosed(session.id()));
        if (stands == null) {
          throw ended(toolUseId, "ended");
        }
        yield settled(stands, decision);
      }
    };
  }

  private static ApprovalAnswered settled(ApprovalAnswered stands, ApprovalDecision decision) {
    if (stands.by() != ApprovalSource.USER) {
      throw ended(stands.toolUseId(), stands.by().wireName());
    }
    if (stands.decision() != decision) {
      throw new ProblemException(
          ProblemType.APPROVAL_CONFLICT,
          "Invalid approval: %s for call %s (expected: %s, which was decided before and stands)"
              .formatted(decision.wireName(), stands.toolUseId(), stands.decision().wireName()));
    }
    return stands;
  }

  private static ProblemException ended(String toolUseId, String why) {
    return new ProblemException(
        ProblemType.APPROVAL_ENDED,
        "Invalid approval: call %s waits no more (%s) and did not run; the agent asks anew when it makes the call again."
            .formatted(shown(toolUseId), why));
  }

  private static String shown(String toolUseId) {
    return toolUseId.length() <= 64 ? toolUseId : toolUseId.substring(0, 64) + "…";
  }
}
