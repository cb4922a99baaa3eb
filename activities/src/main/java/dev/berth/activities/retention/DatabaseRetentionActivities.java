package dev.berth.activities.retention;

import dev.berth.activities.Outages;
import dev.berth.protocol.SessionId;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.RetentionActivities;
import io.temporal.activity.Activity;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes what is not kept any longer, a page of sessions at a time. */
public final class DatabaseRetentionActivities implements RetentionActivities {
  private static final Logger LOG = LoggerFactory.getLogger(DatabaseRetentionActivities.class);

  private static final int LOGS = 50;

  /** Batches of one log; a longer one goes on with the next pass. */
  private static final int BATCHES = 20;

  private static final int WORKSPACES = 10;

  private final LogRetention logs;
  private final ClosedWorkspaces workspaces;

  public DatabaseRetentionActivities(LogRetention logs, ClosedWorkspaces workspaces) {
    this.logs = logs;
    this.workspaces = workspaces;
  }

  @Override
  public SweepPage cutLogs(SweepFrom from) {
    var sessions = 0;
    var deleted = 0L;
    var page = logs.candidates(from.after(), LOGS);
    for (var candidate : page) {
      var events = 0L;
      for (var batch = 0; batch < BATCHES; batch++) {
        var cut = skippingWhatFails(candidate.session(), () -> logs.cut(candidate));
        alive();
        events += cut;
        if (cut == 0) {
          break;
        }
      }
      sessions += events == 0 ? 0 : 1;
      deleted += events;
    }
    return told(
        "events",
        new SweepPage(sessions, deleted, next(page, LOGS, LogRetention.Candidate::session)));
  }

  @Override
  public SweepPage deleteWorkspaces(SweepFrom from) {
    var page = workspaces.next(from.after(), WORKSPACES);
    var deleted = 0;
    for (var owner : page) {
      deleted +=
          skippingWhatFails(
              owner.session(),
              () -> {
                workspaces.delete(owner);
                return 1;
              });
      alive();
    }
    return told(
        "workspaces",
        new SweepPage(deleted, deleted, next(page, WORKSPACES, owner -> owner.session())));
  }

  /**
   * One session that cannot be cleaned does not keep those behind it from being cleaned; it is
   * tried again with the next pass. What is away is away for all of them.
   */
  private static int skippingWhatFails(SessionId session, IntSupplier clean) {
    try {
      return clean.getAsInt();
    } catch (RuntimeException failed) {
      var away = Outages.away(failed);
      if (away != null) {
        throw Failures.of(away);
      }
      LOG.atError().setCause(failed).log("session {} could not be cleaned", session);
      return 0;
    }
  }

  private static void alive() {
    Activity.getExecutionContext().heartbeat(null);
  }

  private static <T> @Nullable SessionId next(
      List<T> page, int limit, Function<T, SessionId> session) {
    return page.size() < limit ? null : session.apply(page.getLast());
  }

  private static SweepPage told(String what, SweepPage page) {
    if (page.deleted() > 0) {
      LOG.atInfo().log(
          "retention: deleted {} {} of {} sessions", page.deleted(), what, page.sessions());
    }
    return page;
  }
}
