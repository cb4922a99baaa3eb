package dev.berth.workflows.session;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionStatus;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.permits.PermitHolder;
import io.temporal.workflow.QueryMethod;
import io.temporal.workflow.SignalMethod;
import io.temporal.workflow.UpdateMethod;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One conversation, for weeks. It owns the queue of messages, the sandbox and every decision about
 * them; no content passes through it.
 */
@WorkflowInterface
public interface SessionWorkflow extends PermitHolder {
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
   * <p>A message that interrupts cuts the turn that runs and is the next to run. Nothing that waits
   * is dropped for it: those messages keep their order and run after it, and a later message that
   * interrupts goes before it.
   *
   * <p>A session that is closing takes nothing and says so in the result: a validator's failure
   * loses its type on the way.
   */
  @UpdateMethod
  SubmitResult submitMessage(SubmitInput input);

  /**
   * Takes a message out of the queue, so that it never runs; its end is the event {@code
   * message.withdrawn}. A message that this run never heard of is withdrawn too: it lies in the
   * database, and its announcement may still be on its way. A message that runs, or is being cut,
   * is left alone, and one that has ended keeps its end.
   */
  @UpdateMethod
  WithdrawResult withdraw(WithdrawInput input);

  /**
   * Ends the running turn, or takes back the first message that waits. The outcome is the event
   * {@code turn.interrupted} or {@code turn.completed}: a turn that is completing may win.
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
   * @param interrupts whether it cuts what runs, and runs before what waits
   */
  record SubmitInput(MessageId messageId, long bytes, boolean interrupts) {
    public SubmitInput {
      requireNonNull(messageId, "messageId");
    }
  }

  /**
   * @param position 0 when the message runs next or already ran, else how many run before it
   * @param repeated whether this run knew the message already
   * @param closed whether the session is closing: the message was not taken
   */
  record SubmitResult(int position, boolean repeated, boolean closed) {}

  record WithdrawInput(MessageId messageId) {
    public WithdrawInput {
      requireNonNull(messageId, "messageId");
    }
  }

  /**
   * @param withdrawn whether the message never ran and never will
   */
  record WithdrawResult(boolean withdrawn) {}

  /**
   * @param messageId the message whose turn is meant; null for whichever runs
   * @param untilEnded answer when the turn has ended, with what became of it, rather than at once
   */
  record InterruptInput(@Nullable MessageId messageId, boolean untilEnded) {}

  /**
   * @param cut the message whose turn ends, or ended, by the interrupt; null when there was none,
   *     or when its turn was faster
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

  /**
   * @param reason why it ended; absent from a worker of an earlier release
   */
  record SandboxEndedInput(int epoch, @Nullable SandboxEndReason reason) {}

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
