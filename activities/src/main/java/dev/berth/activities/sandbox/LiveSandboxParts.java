package dev.berth.activities.sandbox;

import dev.berth.activities.bridge.Attachment;
import dev.berth.activities.bridge.BridgeConnection;
import dev.berth.activities.bridge.FrameIntake;
import dev.berth.activities.live.LiveChannel;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.transcript.TranscriptWriter;
import dev.berth.activities.transcript.UnfinishedWriters;
import dev.berth.db.GroupCommit;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.workflows.Failures.SandboxLoss;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a living sandbox works with. */
final class LiveSandboxParts {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSandboxParts.class);

  private final SandboxRuntime runtime;
  private final SandboxRecords records;
  private final GroupCommit log;
  private final TurnEnds turnEnds;
  private final ObjectStore objects;
  private final SandboxTranscripts transcripts;
  private final UnfinishedWriters unfinished;
  private final SandboxEndings endings;
  private final Duration silence;

  LiveSandboxParts(
      SandboxRuntime runtime,
      SandboxRecords records,
      GroupCommit log,
      TurnEnds turnEnds,
      ObjectStore objects,
      SandboxTranscripts transcripts,
      UnfinishedWriters unfinished,
      SandboxEndings endings,
      Duration silence) {
    this.runtime = runtime;
    this.records = records;
    this.log = log;
    this.turnEnds = turnEnds;
    this.objects = objects;
    this.transcripts = transcripts;
    this.unfinished = unfinished;
    this.endings = endings;
    this.silence = silence;
  }

  SandboxRecords records() {
    return records;
  }

  Duration silence() {
    return silence;
  }

  SandboxApprovals approvals(Serving serving, Consumer<BridgeCommand> bridge) {
    return records.approvals(serving, bridge);
  }

  TranscriptWriter transcriptWriter(Serving serving) {
    return new TranscriptWriter(objects, serving.project(), serving.session(), serving.epoch());
  }

  FrameIntake intake(
      Attachment attachment,
      BridgeConnection connection,
      TranscriptWriter transcript,
      LiveChannel live,
      FrameIntake.Listener listener) {
    return new FrameIntake(attachment, connection, log, transcript, turnEnds, live, listener);
  }

  SandboxTranscripts transcripts() {
    return transcripts;
  }

  /** What was written is stored before the session goes on, now or when the store is back. */
  void finish(Serving serving, TranscriptWriter writer) {
    unfinished.end(serving.session(), writer);
  }

  /** What the runtime says; an engine that does not answer says nothing against the sandbox. */
  SandboxInspection inspect(SandboxId sandbox) {
    try {
      return runtime.inspect(sandbox);
    } catch (ProblemException silent) {
      LOG.atWarn().log("sandbox {}: {}", sandbox, silent.getMessage());
      return new SandboxInspection.Running();
    }
  }

  /** The sandbox is over: the log and the row say so before anybody acts on it. */
  void ending(Serving serving, SandboxLoss loss, boolean idle, List<BackgroundTask> background) {
    endings.record(serving, loss, idle, background);
  }

  /** The sandbox is not this worker's any more, and goes on. */
  void left(LiveSandbox sandbox) {
    endings.leave(sandbox);
  }

  void ended(LiveSandbox sandbox) {
    endings.cleanUp(sandbox);
  }
}
