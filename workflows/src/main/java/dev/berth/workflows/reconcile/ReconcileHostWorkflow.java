package dev.berth.workflows.reconcile;

import dev.berth.protocol.HostId;
import dev.berth.workflows.ports.HostActivities.SweepResult;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/** Runs on a schedule, once for each host. */
@WorkflowInterface
public interface ReconcileHostWorkflow {
  @WorkflowMethod(name = "ReconcileHost")
  SweepResult run(ReconcileHostInput input);

  record ReconcileHostInput(HostId hostId) {}
}
