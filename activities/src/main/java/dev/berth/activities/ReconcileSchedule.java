package dev.berth.activities;

import dev.berth.protocol.HostId;
import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.reconcile.ReconcileHostWorkflow;
import dev.berth.workflows.reconcile.ReconcileHostWorkflow.ReconcileHostInput;
import io.temporal.client.WorkflowOptions;
import io.temporal.client.schedules.Schedule;
import io.temporal.client.schedules.ScheduleActionStartWorkflow;
import io.temporal.client.schedules.ScheduleAlreadyRunningException;
import io.temporal.client.schedules.ScheduleClient;
import io.temporal.client.schedules.ScheduleIntervalSpec;
import io.temporal.client.schedules.ScheduleOptions;
import io.temporal.client.schedules.ScheduleSpec;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Temporal Schedule that has a host looked after. */
final class ReconcileSchedule {
  private static final Logger LOG = LoggerFactory.getLogger(ReconcileSchedule.class);

  /** What has no owner is gone within a minute of losing it. */
  private static final Duration EVERY = Duration.ofSeconds(30);

  private final ScheduleClient schedules;
  private final HostId host;

  ReconcileSchedule(ScheduleClient schedules, HostId host) {
    this.schedules = schedules;
    this.host = host;
  }

  /** Creates the schedule unless it is there. */
  void ensure() {
    var id = WorkflowIds.reconcileHost(host);
    try {
      schedules.createSchedule(
          id,
          Schedule.newBuilder()
              .setAction(
                  ScheduleActionStartWorkflow.newBuilder()
                      .setWorkflowType(ReconcileHostWorkflow.class)
                      .setArguments(new ReconcileHostInput(host))
                      .setOptions(
                          WorkflowOptions.newBuilder()
                              .setWorkflowId(id)
                              .setTaskQueue(TaskQueues.SESSIONS)
                              .setStaticSummary("sweep " + host)
                              .build())
                      .build())
              .setSpec(
                  ScheduleSpec.newBuilder()
                      .setIntervals(List.of(new ScheduleIntervalSpec(EVERY)))
                      .build())
              .build(),
          ScheduleOptions.newBuilder().build());
      LOG.atInfo().log("created the schedule {}", id);
    } catch (ScheduleAlreadyRunningException exists) {
      LOG.atDebug().log("the schedule {} exists", id);
    }
  }
}
