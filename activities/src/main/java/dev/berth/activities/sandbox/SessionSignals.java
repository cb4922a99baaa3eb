package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.workflows.WorkflowIds;
import dev.berth.workflows.session.SessionWorkflow;
import dev.berth.workflows.session.SessionWorkflow.SandboxEndedInput;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells sessions what happened to their sandboxes while nothing of theirs was running. */
public final class SessionSignals {
  private static final Logger LOG = LoggerFactory.getLogger(SessionSignals.class);

  private final WorkflowClient temporal;

  public SessionSignals(WorkflowClient temporal) {
    this.temporal = temporal;
  }

  /** A session that does not hear of it learns it from its next turn. */
  void sandboxEnded(Serving serving, SandboxEndReason reason) {
    try {
      temporal
          .newWorkflowStub(
              SessionWorkflow.class, WorkflowIds.session(serving.project(), serving.session()))
          .sandboxEnded(new SandboxEndedInput(serving.epoch(), reason));
    } catch (WorkflowException notTold) {
      LOG.atInfo().log("session {} was not told: {}", serving.session(), notTold.getMessage());
    }
  }
}
