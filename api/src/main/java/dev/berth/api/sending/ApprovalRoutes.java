package dev.berth.api.sending;

import dev.berth.api.events.SessionFeeds;
import dev.berth.api.http.Answers;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.session.Approvals;
import dev.berth.api.session.SessionRecords;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.event.ApprovalDecision;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * {@code POST /v1/sessions/{id}/approvals/{tool_use_id}}: decides about a call that waits for a
 * person, with {@code {"decision": "allow" | "deny" | "withdraw", "reason"?}}. The same decision
 * again gets the same answer; another one is refused, and the refusal names the one that stands.
 */
final class ApprovalRoutes {
  /** The model reads it; nobody writes more to say no. */
  private static final int REASON_CHARS = 2000;

  private final EndUserRequests requests;
  private final RequestBodies bodies;
  private final Approvals approvals;
  private final SessionRecords records;
  private final SessionFeeds feeds;

  ApprovalRoutes(
      EndUserRequests requests,
      RequestBodies bodies,
      Approvals approvals,
      SessionRecords records,
      SessionFeeds feeds) {
    this.requests = requests;
    this.bodies = bodies;
    this.approvals = approvals;
    this.records = records;
    this.feeds = feeds;
  }

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route()
        .POST("/v1/sessions/{id}/approvals/{toolUseId}", this::answer)
        .onError(RuntimeException.class, Answers::failure)
        .build();
  }

  private record Decided(@Nullable String decision, @Nullable String reason) {
    static final Decided NOTHING = new Decided(null, null);

    ApprovalDecision wanted() {
      for (var known : ApprovalDecision.values()) {
        if (known.wireName().equals(decision)) {
          return known;
        }
      }
      throw invalid("decision: %s (expected: allow, deny or withdraw)".formatted(cut(decision)));
    }

    @Nullable String checkedReason() {
      if (reason != null && reason.length() > REASON_CHARS) {
        throw invalid(
            "reason: %d characters (expected: at most %d)"
                .formatted(reason.length(), REASON_CHARS));
      }
      return reason;
    }

    private static String cut(@Nullable String text) {
      var shown = String.valueOf(text);
      return shown.length() <= 64 ? shown : shown.substring(0, 64) + "…";
    }
  }

  private ServerResponse answer(ServerRequest request) {
    var session = requests.session(request, records::find);
    var decided = bodies.read(request, Decided.class, Decided.NOTHING);
    var stands =
        approvals.answer(
            session, request.pathVariable("toolUseId"), decided.wanted(), decided.checkedReason());
    feeds.wake(session.id());
    return Answers.json(
        HttpStatus.OK,
        ProtocolJson.mapper()
            .createObjectNode()
            .put("tool_use_id", stands.toolUseId())
            .put("decision", stands.decision().wireName())
            .put("reason", stands.reason()));
  }

  private static ProblemException invalid(String what) {
    return new ProblemException(ProblemType.INVALID_REQUEST, "Invalid approval: " + what);
  }
}
