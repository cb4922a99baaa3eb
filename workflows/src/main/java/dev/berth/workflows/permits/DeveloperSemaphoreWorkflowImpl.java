package dev.berth.workflows.permits;

import dev.berth.workflows.ExternalSignals;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.permits.PermitHolder.PermitGranted;
import dev.berth.workflows.permits.PermitHolder.PermitQueued;
import dev.berth.workflows.permits.PermitHolder.PermitWanted;
import dev.berth.workflows.permits.SemaphoreState.Holder;
import dev.berth.workflows.permits.SemaphoreState.Waiter;
import dev.berth.workflows.ports.PermitActivities;
import dev.berth.workflows.ports.PermitActivities.LivingInput;
import io.temporal.activity.LocalActivityOptions;
import io.temporal.common.RetryOptions;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Async;
import io.temporal.workflow.ContinueAsNewOptions;
import io.temporal.workflow.TimerOptions;
import io.temporal.workflow.Workflow;
import io.temporal.workflow.WorkflowInit;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;

/**
 * What is asked of it only changes the state; the loop grants what is free and tells everybody what
 * they do not know yet.
 */
public final class DeveloperSemaphoreWorkflowImpl implements DeveloperSemaphoreWorkflow {
  private static final Logger LOG = Workflow.getLogger(DeveloperSemaphoreWorkflowImpl.class);

  /** While somebody waits, a session that was lost keeps its permit no longer than twice this. */
  private static final Duration LOOK = Duration.ofSeconds(10);

  private static final Duration LOOK_TAKES = Duration.ofSeconds(20);

  /** Keeps the history short; about ten events a grant. */
  private static final int GRANTS_PER_RUN = 100;

  /** Temporal bears some more at a time for one workflow. */
  private static final int MAX_ON_THE_WAY = 200;

  private final SemaphoreInput input;
  private final long grantedBefore;
  private SemaphoreState state;
  private int onTheWay;

  @WorkflowInit
  public DeveloperSemaphoreWorkflowImpl(SemaphoreInput input) {
    this.input = input;
    this.state = input.carried() == null ? SemaphoreState.initial() : input.carried();
    this.grantedBefore = state.granted();
  }

  @Override
  public void run(SemaphoreInput sameInput) {
    Async.procedure(this::watchHolders);
    while (!isRunOver()) {
      act();
      Workflow.await(() -> canAct() || isRunOver());
    }
    Workflow.newContinueAsNewStub(
            DeveloperSemaphoreWorkflow.class,
            ContinueAsNewOptions.newBuilder().setTaskQueue(TaskQueues.SESSIONS).build())
        .run(new SemaphoreInput(input.accountId(), state));
  }

  @Override
  public void request(PermitRequest request) {
    state = state.requested(request);
  }

  @Override
  public void release(PermitRelease release) {
    state = state.released(release);
  }

  @Override
  public SemaphoreView status() {
    return new SemaphoreView(
        state.capacity(),
        state.capacity() - state.holders().size(),
        state.waiting().size(),
        state.granted());
  }

  private boolean canAct() {
    return onTheWay < MAX_ON_THE_WAY && hasToAct();
  }

  private boolean hasToAct() {
    return state.canGrant() || !state.holdersToTell().isEmpty() || !state.waitersToTell().isEmpty();
  }

  private void act() {
    while (state.canGrant()) {
      state = state.granting(Workflow.currentTimeMillis());
    }
    var somebodyWaits = !state.waiting().isEmpty();
    var room = Math.max(0, MAX_ON_THE_WAY - onTheWay);
    var holders = state.holdersToTell().stream().limit(room).toList();
    var waiters = state.waitersToTell().stream().limit(room - holders.size()).toList();
    state =
        state.told(
            Stream.concat(
                    holders.stream().map(Holder::sessionWorkflowId),
                    waiters.stream().map(Waiter::sessionWorkflowId))
                .collect(Collectors.toSet()));
    for (var holder : holders) {
      tell(
          holder.sessionWorkflowId(),
          holder.requestId(),
          session -> {
            if (holder.told()) {
              session.permitWanted(new PermitWanted(holder.requestId()));
            } else {
              session.permitGranted(new PermitGranted(holder.requestId(), somebodyWaits));
            }
          });
    }
    for (var waiter : waiters) {
      tell(
          waiter.sessionWorkflowId(),
          waiter.requestId(),
          session -> session.permitQueued(new PermitQueued(waiter.requestId())));
    }
    Workflow.setCurrentDetails(details());
  }

  private interface Word {
    void to(PermitHolder session);
  }

  /** Whoever cannot be told does not exist any more: what it had is taken back at once. */
  private void tell(String sessionWorkflowId, String requestId, Word word) {
    onTheWay++;
    Async.procedure(() -> {
      try {
        var session = Workflow.newExternalWorkflowStub(PermitHolder.class, sessionWorkflowId);
        if (!ExternalSignals.deliver(() -> word.to(session))) {
          LOG.info("{} is gone, and its permit back", sessionWorkflowId);
          state = state.released(new PermitRelease(sessionWorkflowId, requestId));
        }
      } finally {
        onTheWay--;
      }
    });
  }

  private void watchHolders() {
    while (true) {
      Workflow.await(() -> !state.waiting().isEmpty());
      Workflow.newTimer(LOOK, TimerOptions.newBuilder().setSummary("who is there?").build()).get();
      if (!state.waiting().isEmpty()) {
        takeBackFromTheLost();
      }
    }
  }

  private void takeBackFromTheLost() {
    try {
      var ids = state.holders().stream().map(Holder::sessionWorkflowId).toList();
      var gone = permits().lost(new LivingInput(ids)).lost();
      if (!gone.isEmpty()) {
        LOG.info("{} are gone, and their permits back", gone);
        state = state.withoutSessions(gone);
      }
    } catch (ActivityFailure unknown) {
      LOG.warn("it could not be looked up who is there", unknown);
    }
  }

  private static PermitActivities permits() {
    return Workflow.newLocalActivityStub(
        PermitActivities.class,
        LocalActivityOptions.newBuilder()
            .setScheduleToCloseTimeout(LOOK_TAKES)
            .setRetryOptions(RetryOptions.newBuilder().setMaximumAttempts(1).build())
            .setSummary("who is there")
            .build());
  }

  /** Nothing may be on its way: what a run that ended has not sent is not sent. */
  private boolean isRunOver() {
    return onTheWay == 0
        && !hasToAct()
        && (state.granted() - grantedBefore >= GRANTS_PER_RUN
            || Workflow.getInfo().isContinueAsNewSuggested());
  }

  private String details() {
    return """
    Account `%s`: %d of %d permits are held, %d sessions wait, %d permits were given.

    %s
    """
        .formatted(
            input.accountId(),
            state.holders().size(),
            state.capacity(),
            state.waiting().size(),
            state.granted(),
            holders(state.holders()));
  }

  /** The UI shows so many without scrolling, and details have a bound. */
  private static String holders(List<Holder> holders) {
    var shown = new StringBuilder();
    holders.stream()
        .limit(50)
        .forEach(holder -> shown.append("- `%s`\n".formatted(holder.sessionWorkflowId())));
    return holders.size() > 50
        ? shown.append("- and %d more".formatted(holders.size() - 50)).toString()
        : shown.toString();
  }
}
