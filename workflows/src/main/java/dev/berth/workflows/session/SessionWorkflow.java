package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.UpdateValidatorMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One conversation, for weeks. It owns the queue of messages, the sandbox and every decision about
 * them; no content passes through it.
 */
@WorkflowInterface
public interface SessionWorkflow {
  /** Runs until the session is closed. */
  @WorkflowMethod(name = "Session")
  void run(SessionInput input);

  /**
   * A client wants to work: its sandbox is started now, while the user still types. Sent with
   * start, so that it finds or makes the workflow.
   */
  @UpdateMethod
  OpenResult openSession(OpenInput input);

  /**
   * A message lies in the database and is to be run. The same id again changes nothing and gets the
   * same answer while this run remembers it; the row in the database answers for good.
   *
   * <p>Refused with {@code SESSION_CLOSED} when the session is closing.
   */
  @UpdateMethod
  SubmitResult submitMessage(SubmitInput input);

  @UpdateValidatorMethod(updateName = "submitMessage")
  void validateSubmitMessage(SubmitInput input);

  /**
   * Ends the running turn, or takes back the first message that waits. Answers at once what will be
   * cut; the outcome is the event {@code turn.interrupted} or {@code turn.completed}.
   */
  @UpdateMethod
  InterruptResult interrupt(InterruptInput input);

  /** A socket is gone. With the last one a session that has nothing to do is completed. */
  @SignalMethod
  void disconnected(DisconnectedInput input);

  /** The worker saw a sandbox end while no turn ran in it. */
  @SignalMethod
  void sandboxEnded(SandboxEndedInput input);

  /** Ends the workflow: deletion, end of retention, an operator. */
  @SignalMethod
  void close(CloseInput input);

  /** Continues as new at the next idle moment, to move to new code. */
  @SignalMethod
  void refresh();

  @QueryMethod
  SessionView status();

  /**
   * @param connectionId names the socket; null when there is none
   */
  record OpenInput(@Nullable String connectionId) {}

  /**
   * @param waiting messages that will run before the next one
   */
  record OpenResult(SessionStatus status, int waiting) {}

  /**
   * @param bytes size of the content
   */
  record SubmitInput(MessageId messageId, long bytes) {
    public SubmitInput {
      requireNonNull(messageId, "messageId");
    }
  }

  /**
   * @param position 0 when the message runs next or already ran, else how many run before it
   * @param repeated whether this run knew the message already
   */
  record SubmitResult(int position, boolean repeated) {}

  /**
   * @param messageId the message whose turn is meant; null for whichever runs
   */
  record InterruptInput(@Nullable MessageId messageId) {}

  /**
   * @param cut the message whose turn ends, null when nothing ran or waited
   * @param waiting messages that stay in the queue, in order
   */
  record InterruptResult(@Nullable MessageId cut, List<MessageId> waiting) {
    public InterruptResult {
      waiting = List.copyOf(waiting);
    }
  }

  /**
   * @param asked whether the client asked to close, rather than vanished: a running turn is then
   *     cut
   */
  record DisconnectedInput(String connectionId, boolean asked) {
    public DisconnectedInput {
      requireNonNull(connectionId, "connectionId");
    }
  }

  record SandboxEndedInput(int epoch) {}

  record CloseInput(String reason) {
    public CloseInput {
      requireNonNull(reason, "reason");
    }
  }

  /**
   * @param running the message whose turn runs
   * @param lastStop why the last turn ended
   */
  record SessionView(
      Phase phase,
      @Nullable MessageId running,
      List<MessageId> waiting,
      int epoch,
      @Nullable SandboxId sandboxId,
      long turns,
      @Nullable StopReason lastStop) {
    public SessionView {
      waiting = List.copyOf(waiting);
    }
  }
}
