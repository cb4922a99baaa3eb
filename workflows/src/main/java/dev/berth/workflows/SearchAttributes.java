package dev.berth.workflows;

import io.temporal.common.SearchAttributeKey;
import java.time.OffsetDateTime;
import java.util.List;

/**
 * The search attributes of sessions. They must be registered before a worker runs: a workflow that
 * sets an unknown one makes no progress. They are never encrypted, so no content goes in here.
 */
public final class SearchAttributes {
  public static final SearchAttributeKey<String> PHASE =
      SearchAttributeKey.forKeyword("AgentPhase");
  public static final SearchAttributeKey<String> DEVELOPER =
      SearchAttributeKey.forKeyword("DeveloperId");
  public static final SearchAttributeKey<String> PROJECT =
      SearchAttributeKey.forKeyword("ProjectId");
  public static final SearchAttributeKey<String> END_USER =
      SearchAttributeKey.forKeyword("EndUserId");
  public static final SearchAttributeKey<String> HOST = SearchAttributeKey.forKeyword("HostId");
  public static final SearchAttributeKey<String> MODEL = SearchAttributeKey.forKeyword("Model");
  public static final SearchAttributeKey<String> STOP_REASON =
      SearchAttributeKey.forKeyword("StopReason");

  /** Why the session is in its phase, where that has a reason: the session row has the same. */
  public static final SearchAttributeKey<String> REASON = SearchAttributeKey.forKeyword("Reason");

  public static final SearchAttributeKey<String> SANDBOX_END =
      SearchAttributeKey.forKeyword("SandboxEnd");
  public static final SearchAttributeKey<Long> TURNS = SearchAttributeKey.forLong("Turns");
  public static final SearchAttributeKey<OffsetDateTime> LAST_ACTIVITY =
      SearchAttributeKey.forOffsetDateTime("LastActivity");

  private SearchAttributes() {}

  public static List<SearchAttributeKey<?>> all() {
    return List.of(
        PHASE,
        DEVELOPER,
        PROJECT,
        END_USER,
        HOST,
        MODEL,
        STOP_REASON,
        REASON,
        SANDBOX_END,
        TURNS,
        LAST_ACTIVITY);
  }
}
