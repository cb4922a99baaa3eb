package dev.berth.activities;

import dev.berth.workflows.TaskQueues;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.retention.RetentionWorkflow;
import dev.berth.workflows.retention.RetentionWorkflow.RetentionInput;
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

/** The Temporal Schedule that deletes what is not kept any longer: one for all hosts. */
final class RetentionSchedule {
  private static final Logger LOG = LoggerFactory.getLogger(RetentionSchedule.class);

  private final ScheduleClient schedules;
  private final Duration every;

  RetentionSchedule(ScheduleClient schedules, Duration every) {
    this.schedules = schedules;
    this.every = every;
  }

  /** Creates the schedule unless it is there. */
  void ensure() {
    var id = WorkflowIds.retention();
    try {
      schedules.createSchedule(
          id,
          Schedule.newBuilder()
              .setAction(
                  ScheduleActionStartWorkflow.newBuilder()
                      .setWorkflowType(RetentionWorkflow.class)
                      .setArguments(RetentionInput.FIRST)
                      .setOptions(
                          WorkflowOptions.newBuilder()
                              .setWorkflowId(id)
                              .setTaskQueue(TaskQueues.SESSIONS)
                              .setStaticSummary("delete what is not kept any longer")
                              .build())
                      .build())
              .setSpec(
                  ScheduleSpec.newBuilder()
                      .setIntervals(List.of(new ScheduleIntervalSpec(every)))
                      .build())
              .build(),
          ScheduleOptions.newBuilder().build());
      LOG.atInfo().log("created the schedule {}", id);
    } catch (ScheduleAlreadyRunningException exists) {
      LOG.atDebug().log("the schedule {} exists", id);
    }
  }
}
