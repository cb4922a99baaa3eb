package dev.berth.workflows.session;

import dev.berth.protocol.HostId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.ports.SessionActivities.AnotherHostInput;
import io.temporal.failure.ActivityFailure;
import io.temporal.workflow.Workflow;
import java.util.List;
import java.util.function.Supplier;

/**
 * The wait for the host of a turn whose worker does not answer. The agent works on in its sandbox
 * meanwhile; as long as no other host could take the turn up, nothing is won by calling it lost.
 */
final class SilentHost {
  /** A silent host was lost at once. To be removed with the marker of the snapshots. */
  private static final String KEEPS = "keeps-turn-on-silent-host";

  private static final Problem AWAY =
      Problem.away(
          PlatformPart.HOST,
          "The host of the turn's sandbox does not answer, and there is no other; start a worker.");

  private final SessionInput input;
  private final SessionActivityStubs activities;
  private final SessionProgress progress;
  private final Supplier<Boolean> cut;

  SilentHost(
      SessionInput input,
      SessionActivityStubs activities,
      SessionProgress progress,
      Supplier<Boolean> cut) {
    this.input = input;
    this.activities = activities;
    this.progress = progress;
    this.cut = cut;
  }

  /** What follows the wait. */
  sealed interface Then {
    /** Its worker is back, and takes hold of the turn again. */
    record Answers() implements Then {}

    /** In a run that began under older code: the sandbox counts as lost. */
    record Lost() implements Then {}

    /** Another host can take the turn up. */
    record Elsewhere() implements Then {}

    /** The turn is not wanted any more. */
    record Cut() implements Then {}

    record InVain(Problem problem) implements Then {}
  }

  Then await(HostId host) {
    if (Workflow.getVersion(KEEPS, Workflow.DEFAULT_VERSION, 1) == Workflow.DEFAULT_VERSION) {
      return new Then.Lost();
    }
    var outage = new Outage(progress, input.policy().outage(), cut);
    for (var shown = false; ; shown = true) {
      if (isAnotherThere(host)) {
        return new Then.Elsewhere();
      }
      if (answers(host)) {
        if (shown) {
          showGoingOn();
        }
        return new Then.Answers();
      }
      switch (outage.await(PlatformPart.HOST)) {
        case GIVE_UP -> {
          return new Then.InVain(outage.inVain(AWAY));
        }
        case CUT -> {
          return new Then.Cut();
        }
        case TRY_AGAIN -> {}
      }
    }
  }

  private boolean isAnotherThere(HostId host) {
    return activities.session("look for another host").hasAnotherHost(new AnotherHostInput(host));
  }

  private boolean answers(HostId host) {
    try {
      activities.sandbox(host, "does the host answer").answer();
      return true;
    } catch (ActivityFailure failure) {
      if (SessionSandbox.isCancelled(failure)) {
        throw failure;
      }
      return false;
    }
  }

  private void showGoingOn() {
    var phase = progress.state().isAsking() ? new Phase.RequiresAction() : new Phase.Running();
    progress.show(phase);
    progress.record(
        "the host answers again",
        List.of(new SessionEvent.StatusChanged(phase.status(), phase.reason())));
  }
}
