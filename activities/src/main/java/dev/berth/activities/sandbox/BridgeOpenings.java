package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.LostBackground;
import dev.berth.activities.session.LostResults;
import dev.berth.activities.session.ResumePoints;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.transcript.Transcript;
import dev.berth.activities.workspace.RollbackNotice;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.NewEvent;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.event.SandboxEndReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a session's next sandbox begins with: the log, the tool journal and the transcript,
 * reconciled.
 */
public final class BridgeOpenings {
  /** Nothing was written before it. */
  private static final int FIRST_EPOCH = 1;

  private final WatchdogProperties watchdogs;
  private final ToolJournalProperties journalling;
  private final SandboxRecords records;
  private final WorkspaceRecords workspaces;
  private final ToolJournal toolJournal;
  private final ResumePoints resumePoints;
  private final LostResults lostResults;
  private final LostBackground lostBackground;

  public BridgeOpenings(
      WatchdogProperties watchdogs,
      ToolJournalProperties journalling,
      SandboxRecords records,
      WorkspaceRecords workspaces,
      ToolJournal toolJournal,
      ResumePoints resumePoints,
      LostResults lostResults,
      LostBackground lostBackground) {
    this.watchdogs = watchdogs;
    this.journalling = journalling;
    this.records = records;
    this.workspaces = workspaces;
    this.toolJournal = toolJournal;
    this.resumePoints = resumePoints;
    this.lostResults = lostResults;
    this.lostBackground = lostBackground;
  }

  /**
   * What the session's earlier sandboxes were at, and nobody can find out any more.
   *
   * @param takesUp whether the sandbox takes up a turn
   */
  List<NewEvent> unknown(Serving serving, boolean takesUp) {
    if (serving.epoch() == FIRST_EPOCH) {
      return List.of();
    }
    var events = new ArrayList<NewEvent>();
    events.addAll(toolJournal.unknown(serving.session(), serving.epoch(), takesUp));
    events.addAll(lostBackground.lost(serving.session(), serving.epoch()));
    return events;
  }

  /**
   * What the bridge of a new sandbox is told.
   *
   * @param lost why the turn that it takes up lost its sandbox; null when it takes up none
   */
  BridgeCommand.Open of(Serving serving, Transcript transcript, @Nullable SandboxEndReason lost) {
    var session = serving.session();
    return new BridgeCommand.Open(
        !transcript.isEmpty(),
        lost == null ? null : lost.wireName(),
        resumePoints.options(session, transcript, lost != null),
        lost == null ? null : toolJournal.toTell(session),
        lost == null ? null : notice(serving, transcript),
        watchdogs.limits(),
        toolJournal.asked(session, lost != null),
        lost == null ? null : toolJournal.started(session),
        lost == null ? null : records.begunTurn(session),
        journalling.startWait());
  }

  /** Of a sandbox that runs: its bridge has been told long ago, and takes it only once. */
  BridgeCommand.Open ofRunning(Serving serving) {
    return new BridgeCommand.Open(
        true,
        null,
        records.options(serving.session()),
        null,
        null,
        watchdogs.limits(),
        null,
        null,
        null,
        journalling.startWait());
  }

  /** What the model is to know before it goes on; null when there is nothing. */
  private @Nullable String notice(Serving serving, Transcript transcript) {
    var session = serving.session();
    var rolledBack = workspaces.untold(session);
    var notices =
        Stream.of(
                lostResults.notice(session, transcript, toolJournal.completed(session)),
                lostBackground.notice(session),
                rolledBack == null ? null : RollbackNotice.text(rolledBack))
            .filter(Objects::nonNull)
            .toList();
    return notices.isEmpty() ? null : String.join("\n", notices);
  }
}
