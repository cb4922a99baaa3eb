package dev.berth.activities.session;

import dev.berth.protocol.SessionId;
import io.grpc.Context;
import io.grpc.Deadline;
import io.temporal.client.WorkflowException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls of the workflows of sessions by who has many of them to call: one that does not answer soon
 * is left for later.
 */
public final class BoundedCalls implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BoundedCalls.class);

  private static final Duration EACH = Duration.ofSeconds(5);

  private final ScheduledExecutorService deadlines =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("session-calls").factory());

  /** Gives whether the session took it. */
  boolean succeeds(SessionId session, Runnable call) {
    var context =
        Context.current()
            .withDeadline(Deadline.after(EACH.toSeconds(), TimeUnit.SECONDS), deadlines);
    var before = context.attach();
    try {
      call.run();
      return true;
    } catch (WorkflowException later) {
      LOG.atWarn().setCause(later).log("session {} does not answer; later", session);
      return false;
    } finally {
      context.detach(before);
      context.cancel(null);
    }
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
  }
}
