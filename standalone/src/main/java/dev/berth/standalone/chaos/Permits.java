package dev.berth.standalone.chaos;

import dev.berth.workflows.TemporalPayloads;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.SemaphoreView;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.client.WorkflowException;
import io.temporal.client.WorkflowNotFoundException;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The permits of developers, as their semaphores have them. */
final class Permits {
  private static final Duration LOOK = Duration.ofMillis(200);

  private final WorkflowClient temporal;

  Permits(WorkflowServiceStubs service) {
    this.temporal =
        WorkflowClient.newInstance(
            service,
            WorkflowClientOptions.newBuilder()
                .setDataConverter(TemporalPayloads.converter())
                .build());
  }

  /**
   * Waits until nobody of the account holds a permit and nobody waits for one.
   *
   * @return how many are held, or waited for, when the time is over; -1 when nobody could say
   */
  int lost(String account, Duration atMost) throws InterruptedException {
    var deadline = System.nanoTime() + atMost.toNanos();
    while (true) {
      var view = look(account);
      if (view != null && view.free() == view.capacity() && view.waiting() == 0) {
        return 0;
      }
      if (System.nanoTime() > deadline) {
        return view == null ? -1 : view.capacity() - view.free() + view.waiting();
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
  }

  /** Null when the answer does not come; what was killed may still be on its way back. */
  private @Nullable SemaphoreView look(String account) {
    try {
      return temporal
          .newWorkflowStub(DeveloperSemaphoreWorkflow.class, WorkflowIds.semaphore(account))
          .status();
    } catch (WorkflowNotFoundException nobodyAskedYet) {
      return new SemaphoreView(0, 0, 0, 0);
    } catch (WorkflowException notNow) {
      return null;
    }
  }
}
