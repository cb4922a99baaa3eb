package dev.berth.activities.sandbox;

import dev.berth.activities.Outages;
import dev.berth.activities.bridge.ControlDoor;
import dev.berth.activities.model.HttpDoors;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.transcript.TranscriptStore;
import dev.berth.activities.transcript.UnfinishedWriters;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.db.AppendOutcome;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.HostId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeProtocol;
import dev.berth.protocol.event.BackgroundTask;
import dev.berth.protocol.event.SandboxEndReason;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.Failures.SandboxLoss;
import dev.berth.workflows.ports.SandboxActivities.SandboxStopped;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sandboxes that live under this worker. */
public final class HostSandboxes implements SandboxEndings, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HostSandboxes.class);

  /** How often a sandbox that is coming up is looked at. */
  private static final Duration LOOK = Duration.ofMillis(200);

  /** A turn may go on with less room than a sandbox needs to start, but not with none. */
  private static final int FLOOR_IN_TURN = 4;

  private static final String UNSEEN = "ended while no worker watched";

  private final HostId host;
  private final SandboxProperties properties;
  private final SandboxRuntime runtime;
  private final SandboxRecords records;
  private final SandboxFolders folders;
  private final SandboxWorkspaces workspaces;
  private final HostLosses losses;
  private final HttpDoors httpDoors;
  private final GroupCommit log;
  private final ToolJournal toolJournal;
  private final BridgeOpenings openings;
  private final SandboxTranscripts transcripts;
  private final SessionSignals signals;
  private final LiveSandboxParts parts;
  private final Map<SandboxId, Open> open = new ConcurrentHashMap<>();

  private record Open(LiveSandbox sandbox, ControlDoor control) {}

  public HostSandboxes(
      HostId host,
      SandboxProperties properties,
      SandboxRuntime runtime,
      SandboxRecords records,
      HttpDoors httpDoors,
      GroupCommit log,
      TurnEnds turnEnds,
      ToolJournal toolJournal,
      BridgeOpenings openings,
      Restarts restarts,
      ObjectStore objects,
      WorkspaceRecords workspaceRecords,
      WorkspaceSnapshots snapshots,
      HostLosses losses,
      SessionSignals signals) {
    this.host = host;
    this.toolJournal = toolJournal;
    this.openings = openings;
    this.properties = properties;
    this.runtime = runtime;
    this.records = records;
    this.folders = new SandboxFolders(properties.directory(), properties.socketDirectory());
    this.workspaces =
        new SandboxWorkspaces(
            folders, records, workspaceRecords, snapshots, log, properties.diskFloor().toBytes());
    this.losses = losses;
    this.httpDoors = httpDoors;
    this.log = log;
    var unfinished = new UnfinishedWriters();
    this.transcripts = new SandboxTranscripts(new TranscriptStore(objects), unfinished, restarts);
    this.signals = signals;
    this.parts =
        new LiveSandboxParts(
            runtime,
            records,
            log,
            turnEnds,
            objects,
            transcripts,
            unfinished,
            this,
            properties.silence());
  }

  /** The living sandbox of that id, null when it does not live here. */
  public @Nullable LiveSandbox find(SandboxId sandbox) {
    var found = open.get(sandbox);
    return found == null ? null : found.sandbox();
  }

  /** The living sandbox that serves the session, null when none here does. */
  public @Nullable LiveSandbox find(SessionId session) {
    return open.values().stream()
        .map(Open::sandbox)
        .filter(sandbox -> sandbox.serving().session().equals(session))
        .findFirst()
        .orElse(null);
  }

  /**
   * Starts a sandbox with the session's agent, or finds it running.
   *
   * @param lost why the turn that it takes up lost its sandbox; null otherwise
   * @return whether the agent goes on with a transcript
   */
  public boolean start(Serving serving, @Nullable SandboxEndReason lost) {
    var running = find(serving.sandbox());
    if (running != null) {
      return true;
    }
    var earlier = records.earlier(serving.session(), serving.epoch());
    earlier.forEach(sandbox -> supersede(sandbox, serving));
    if (folders.freeBytes() < properties.diskFloor().toBytes()) {
      throw new ProblemException(
          ProblemType.DISK_FULL,
          "Host %s has only %d MiB of disk left (expected: %s); make room in %s."
              .formatted(
                  host,
                  folders.freeBytes() / (1024 * 1024),
                  properties.diskFloor(),
                  properties.directory()));
    }
    workspaces.prepare(serving, earlier);
    noteUnknown(serving, lost != null);
    var transcript = transcripts.begin(serving);
    losses.tell(serving, transcript);
    var resume = !transcript.isEmpty();
    var sandbox = open(serving, openings.of(serving, transcript, lost));
    try {
      runtime.start(
          new SandboxSpec(
              serving.sandbox(),
              properties.image(),
              properties.tier(),
              folders.door(serving.sandbox()),
              folders.workspace(serving.sandbox()),
              folders.home(serving.sandbox()),
              folders.spool(serving.sandbox())));
      runtime.claim(serving.sandbox(), serving.session());
      awaitBridge(sandbox);
      begin(serving, resume);
      return resume;
    } catch (RuntimeException failed) {
      if (Outages.away(failed) != null) {
        sandbox.abandon(String.valueOf(failed.getMessage()));
      } else {
        sandbox.kill(SandboxEndReason.START_FAILED, String.valueOf(failed.getMessage()));
      }
      throw failed;
    }
  }

  /**
   * The sandbox serves the session from here on, and the log says so: what comes later in it counts
   * on that.
   */
  private void begin(Serving serving, boolean resume) {
    var started =
        NewEvent.of(
            "sandbox/" + serving.sandbox() + "/started",
            new SessionEvent.SandboxStarted(serving.sandbox(), host, resume));
    var writer = new EventWriter.Sandbox(serving.epoch());
    if (!records.claimed(serving)
        || !(append(new Request(serving.session(), writer, List.of(started)))
            instanceof AppendOutcome.Appended)) {
      throw new ProblemException(
          ProblemType.SUPERSEDED, "Another sandbox serves session " + serving.session() + ".");
    }
  }

  /** Whether a turn runs in the sandbox. */
  public boolean isBusy(SandboxId sandbox) {
    var live = find(sandbox);
    return live != null && live.turn() != null;
  }

  /** Tells the session which of a sandbox's calls wait for a person, when that changed. */
  public void tellWhatWaits(LiveSandbox sandbox) {
    var approvals = sandbox.approvals();
    var waiting = approvals.waitingIfChanged();
    if (waiting != null && !signals.approvalsWaiting(sandbox.serving(), waiting)) {
      approvals.mayHaveChanged();
    }
  }

  /** Watches the disk of a sandbox from now on. */
  public DiskWatch watchDisk(SandboxId sandbox) {
    return DiskWatch.start(
        folders.folder(sandbox),
        properties.tier().diskBytes(),
        properties.diskFloor().toBytes() / FLOOR_IN_TURN);
  }

  /**
   * Ends a sandbox as the session wants it.
   *
   * @param sparing whether one in which something works is left alone
   */
  public SandboxStopped stop(
      SessionId session, SandboxId id, SandboxEndReason reason, boolean sparing) {
    var live = find(id);
    if (live == null) {
      LOG.atInfo().log("session {}: sandbox {} is not here any more", session, id);
      runtime.remove(id);
      records.ended(id, reason, "stopped");
      return new SandboxStopped(false, 0);
    }
    var work = sparing ? work(live, reason) : 0;
    if (work > 0) {
      LOG.atInfo().log("session {}: {} tasks keep sandbox {}", session, work, id);
      return new SandboxStopped(true, work);
    }
    live.stop(reason, properties.stopGrace());
    return new SandboxStopped(true, 0);
  }

  /**
   * What would be lost with a sandbox: a turn that is parked loses the calls that run in it, and
   * one whose question was answered meanwhile is at work itself.
   */
  private int work(LiveSandbox live, SandboxEndReason reason) {
    var background = live.background().size();
    if (reason != SandboxEndReason.PARKED) {
      return background;
    }
    var answered = live.approvals().isWaiting() ? 0 : 1;
    return background + answered + toolJournal.running(live.session(), live.epoch());
  }

  /** A sandbox of this host ended while no worker watched. */
  void gone(SandboxId sandbox) {
    var serving = records.serving(sandbox);
    if (serving == null) {
      records.ended(sandbox, SandboxEndReason.ORPHANED, UNSEEN);
    } else {
      gone(serving, SandboxEndReason.KILLED, UNSEEN);
    }
  }

  void gone(Serving serving, SandboxEndReason reason, String detail) {
    record(serving, new SandboxLoss(reason, detail), true, List.of());
    folders.leaveWorkspace(serving.sandbox());
  }

  /** Gives agents the answers of clients that their api node stored and could not tell of. */
  void deliverToolResults() {
    open.values().forEach(here -> here.sandbox().deliverToolResults());
  }

  /** Takes a sandbox that runs and has no worker, such as after this worker's restart. */
  void adopt(Serving serving) {
    LOG.atInfo().log("adopting sandbox {} of session {}", serving.sandbox(), serving.session());
    var sandbox = new LiveSandbox(serving, openings.ofRunning(serving), parts);
    // Before the door opens: what the agent asks of the model meanwhile belongs to its turn.
    records.openTurn(serving).ifPresent(sandbox::adopt);
    open(sandbox);
    var _ = records.claimed(serving);
    var last = records.attachment(serving.session());
    Thread.ofVirtual()
        .name("adopted " + serving.sandbox())
        .start(() -> sandbox.awaitDialling(last));
  }

  @Override
  public void record(
      Serving serving, SandboxLoss loss, boolean idle, List<BackgroundTask> background) {
    record(
        serving,
        new SessionEvent.SandboxEnded(
            serving.sandbox(),
            loss.reason(),
            loss.detail(),
            background.isEmpty() ? null : background),
        SessionEvent.SandboxEnded.id(serving.sandbox()));
    try {
      records.ended(serving.sandbox(), loss.reason(), loss.detail());
    } catch (DataAccessException away) {
      // The turn must hear of it all the same; the row is left to the sweep.
      LOG.atWarn().setCause(away).log("sandbox {} ended unrecorded", serving.sandbox());
    }
    if (idle && loss.reason() != SandboxEndReason.START_FAILED) {
      signals.sandboxEnded(serving, loss.reason());
    }
  }

  /** Lets go of the sandboxes, which run on: the host's next worker takes them over. */
  @Override
  public void close() {
    for (var here : open.values()) {
      here.control().close();
      here.sandbox().leave();
    }
  }

  @Override
  public void leave(LiveSandbox sandbox) {
    var left = open.remove(sandbox.serving().sandbox());
    if (left != null) {
      left.control().close();
    }
  }

  @Override
  public void cleanUp(LiveSandbox sandbox) {
    var id = sandbox.serving().sandbox();
    var left = open.remove(id);
    if (left != null) {
      left.control().close();
    }
    httpDoors.close(id);
    try {
      runtime.remove(id);
      folders.leaveWorkspace(id);
    } catch (ProblemException later) {
      LOG.atWarn().log("sandbox {} is left to the sweep: {}", id, later.getMessage());
    }
  }

  private LiveSandbox open(Serving serving, BridgeCommand.Open command) {
    var sandbox = new LiveSandbox(serving, command, parts);
    open(sandbox);
    return sandbox;
  }

  private void open(LiveSandbox sandbox) {
    var door = folders.door(sandbox.sandbox());
    httpDoors.open(sandbox, door, DockerSandboxRuntime.BRIDGE_USER);
    var control =
        ControlDoor.open(
            door.resolve(BridgeProtocol.CONTROL_SOCKET),
            DockerSandboxRuntime.BRIDGE_USER,
            sandbox::connected);
    open.put(sandbox.sandbox(), new Open(sandbox, control));
  }

  private void awaitBridge(LiveSandbox sandbox) {
    var id = sandbox.serving().sandbox();
    var deadline = System.nanoTime() + properties.startTimeout().toNanos();
    try {
      while (!sandbox.isAttached()) {
        sandbox.awaitAttached(LOOK);
        if (runtime.inspect(id) instanceof SandboxInspection.Ended(var reason, var detail)) {
          throw new ProblemException(
              ProblemType.SANDBOX_FAILED,
              "The sandbox ended while it started (%s, %s): %s"
                  .formatted(reason.wireName(), detail, runtime.logTail(id)));
        }
        if (System.nanoTime() > deadline) {
          throw new ProblemException(
              ProblemType.SANDBOX_FAILED,
              "The sandbox did not come up in %s: %s"
                  .formatted(properties.startTimeout(), runtime.logTail(id)));
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.SANDBOX_FAILED, "The worker is shutting down.");
    }
  }

  /** Only one sandbox of a session works; what served it before on this host goes. */
  private void supersede(SandboxId earlier, Serving by) {
    var live = find(earlier);
    if (live != null) {
      live.kill(SandboxEndReason.SUPERSEDED, "replaced by epoch " + by.epoch());
    } else {
      runtime.remove(earlier);
      records.ended(earlier, SandboxEndReason.SUPERSEDED, "replaced by epoch " + by.epoch());
    }
  }

  /** What the session's earlier sandboxes were at, nobody can find out any more. */
  private void noteUnknown(Serving serving, boolean takesUp) {
    var events = openings.unknown(serving, takesUp);
    if (events.isEmpty()) {
      return;
    }
    var _ =
        append(new Request(serving.session(), new EventWriter.Sandbox(serving.epoch()), events));
  }

  /** Appends, and waits for it. */
  private AppendOutcome append(Request request) {
    try {
      return log.append(request).toCompletableFuture().join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }

  private void record(Serving serving, SessionEvent event, String id) {
    try {
      var _ =
          log.append(
              new Request(
                  serving.session(),
                  // The end of a replaced sandbox is told too; only what it causes is refused.
                  EventWriter.PLATFORM,
                  List.of(NewEvent.of(id, event))));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
