package dev.berth.standalone.chaos;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.standalone.platform.Connection;
import dev.berth.workflows.WorkflowIds;
import io.grpc.StatusRuntimeException;
import io.temporal.api.common.v1.WorkflowExecution;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.api.workflow.v1.PendingActivityInfo;
import io.temporal.api.workflow.v1.PendingWorkflowTaskInfo;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionRequest;
import io.temporal.api.workflowservice.v1.DescribeWorkflowExecutionResponse;
import io.temporal.api.workflowservice.v1.GetWorkflowExecutionHistoryReverseRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Where a session that something is wrong with stands, in a line: what one would look up first. */
final class Diagnosis {
  private static final String NAMESPACE = "default";
  private static final int LAST = 12;

  private final WorkflowServiceStubs service;
  private final String project;

  Diagnosis(WorkflowServiceStubs service, Connection connection) {
    this.service = service;
    this.project = connection.projectId();
  }

  /**
   * @param log of the session, as far as it was seen
   */
  String of(String session, List<JsonNode> log) {
    return "the workflow: %s; the log: %s"
        .formatted(
            workflow(session),
            last(log).stream()
                .map(event ->
                    "%s@%d".formatted(event.path("type").asString(), event.path("epoch").asInt()))
                .collect(Collectors.joining(", ")));
  }

  private static <T> List<T> last(List<T> all) {
    return all.subList(Math.max(0, all.size() - LAST), all.size());
  }

  private String workflow(String session) {
    var execution =
        WorkflowExecution.newBuilder()
            .setWorkflowId(WorkflowIds.session(new ProjectId(project), new SessionId(session)))
            .build();
    try {
      var described =
          service
              .blockingStub()
              .describeWorkflowExecution(
                  DescribeWorkflowExecutionRequest.newBuilder()
                      .setNamespace(NAMESPACE)
                      .setExecution(execution)
                      .build());
      var events =
          service
              .blockingStub()
              .getWorkflowExecutionHistoryReverse(
                  GetWorkflowExecutionHistoryReverseRequest.newBuilder()
                      .setNamespace(NAMESPACE)
                      .setExecution(execution)
                      .setMaximumPageSize(LAST)
                      .build())
              .getHistory()
              .getEventsList()
              .reversed();
      return "%s; pending: %s; last: %s"
          .formatted(
              described.getWorkflowExecutionInfo().getStatus(),
              pending(described),
              events.stream().map(Diagnosis::name).collect(Collectors.joining(", ")));
    } catch (StatusRuntimeException silent) {
      return String.valueOf(silent.getMessage());
    }
  }

  private static String pending(DescribeWorkflowExecutionResponse described) {
    var activities =
        described.getPendingActivitiesList().stream()
            .map(Diagnosis::pending)
            .collect(Collectors.joining(", "));
    return described.hasPendingWorkflowTask()
        ? activities + " " + pending(described.getPendingWorkflowTask())
        : activities;
  }

  private static String pending(PendingActivityInfo activity) {
    return "%s attempt %d %s %s"
        .formatted(
            activity.getActivityType().getName(),
            activity.getAttempt(),
            activity.getState(),
            activity.getLastFailure().getMessage());
  }

  private static String pending(PendingWorkflowTaskInfo task) {
    return "workflow task attempt %d %s".formatted(task.getAttempt(), task.getState());
  }

  private static String name(HistoryEvent event) {
    var name = event.getEventType().name().replace("EVENT_TYPE_", "");
    return event.hasWorkflowTaskFailedEventAttributes()
        ? "%s (%s)"
            .formatted(name, event.getWorkflowTaskFailedEventAttributes().getFailure().getMessage())
        : name;
  }
}
