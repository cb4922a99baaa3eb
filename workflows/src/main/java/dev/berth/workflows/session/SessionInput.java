package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.EndUserId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import org.jspecify.annotations.Nullable;

/**
 * What a session begins with.
 *
 * @param accountId the developer to whom the project belongs
 * @param carried what the run before this one knew; null in the first run
 */
public record SessionInput(
    SessionId sessionId,
    ProjectId projectId,
    String accountId,
    EndUserId endUserId,
    String model,
    SessionPolicy policy,
    @Nullable SessionState carried) {
  public SessionInput {
    requireNonNull(sessionId, "sessionId");
    requireNonNull(projectId, "projectId");
    requireNonNull(accountId, "accountId");
    requireNonNull(endUserId, "endUserId");
    requireNonNull(model, "model");
    requireNonNull(policy, "policy");
  }

  SessionInput carrying(SessionState state) {
    return new SessionInput(sessionId, projectId, accountId, endUserId, model, policy, state);
  }
}
