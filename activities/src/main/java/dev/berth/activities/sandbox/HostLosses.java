package dev.berth.activities.sandbox;

import static dev.berth.db.generated.Tables.EVENTS;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.transcript.Transcript;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.db.EventWriter;
import dev.berth.db.GroupCommit;
import dev.berth.db.NewEvent;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SessionEvent.HostLost;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Says in the log how much a session has kept that goes on without the host that had it: what that
 * host had acknowledged, and no more.
 */
public final class HostLosses {
  private static final Logger LOG = LoggerFactory.getLogger(HostLosses.class);

  /** More messages than a host can lose: those on their way to object storage. */
  private static final int LATEST = 1000;

  private final DSLContext db;
  private final SandboxRecords sandboxes;
  private final WorkspaceRecords workspaces;
  private final GroupCommit log;

  public HostLosses(
      DSLContext db, SandboxRecords sandboxes, WorkspaceRecords workspaces, GroupCommit log) {
    this.db = db;
    this.sandboxes = sandboxes;
    this.workspaces = workspaces;
    this.log = log;
  }

  /** Says it when it is so; a repeat says it once. */
  void tell(Serving serving, Transcript transcript) {
    var host = sandboxes.lostHost(serving);
    if (host == null) {
      return;
    }
    var files = files(serving);
    var event =
        new HostLost(
            host,
            lastKept(serving.session(), transcript),
            lastSaid(transcript),
            files == null ? 0 : files.seq(),
            files == null ? null : files.at());
    LOG.atWarn().log("session {}: {}", serving.session(), event);
    try {
      log.append(
              new Request(
                  serving.session(),
                  new EventWriter.Sandbox(serving.epoch()),
                  List.of(NewEvent.of("host-lost/%d".formatted(serving.epoch()), event))))
          .toCompletableFuture()
          .join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
  }

  /** A place in the log up to which the files are there. */
  private record Files(long seq, @Nullable Instant at) {}

  private @Nullable Files files(Serving serving) {
    var told = EventLog.find(db, serving.session(), SandboxWorkspaces.rolledBackId(serving));
    if (told != null && told.event() instanceof WorkspaceRolledBack back) {
      return new Files(back.snapshotSeq(), back.snapshotAt());
    }
    return workspaces.newestFirst(serving.session()).stream()
        .findFirst()
        .map(kept -> new Files(kept.safe().moment().seq(), kept.at()))
        .orElse(null);
  }

  /** The number of the last message of the agent that the transcript has. */
  private long lastKept(SessionId session, Transcript transcript) {
    var kept = uuids(transcript);
    return db
        .select(EVENTS.SEQ, EVENTS.RAW)
        .from(EVENTS)
        .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
        .and(EVENTS.TYPE.in("agent.message", "agent.user"))
        .orderBy(EVENTS.SEQ.desc())
        .limit(LATEST)
        .fetch()
        .stream()
        .filter(row -> row.value2() != null && kept.contains(uuid(row.value2().data())))
        .mapToLong(row -> row.value1())
        .findFirst()
        .orElse(0);
  }

  private static Set<String> uuids(Transcript transcript) {
    return transcript.main().stream()
        .map(entry -> entry.path("uuid").asString(""))
        .filter(uuid -> !uuid.isEmpty())
        .collect(Collectors.toSet());
  }

  private static String uuid(String raw) {
    return ProtocolJson.mapper().readTree(raw).path("uuid").asString("");
  }

  private static @Nullable Instant lastSaid(Transcript transcript) {
    return transcript.main().reversed().stream()
        .map(HostLosses::time)
        .filter(Objects::nonNull)
        .findFirst()
        .orElse(null);
  }

  private static @Nullable Instant time(JsonNode entry) {
    try {
      return Instant.parse(entry.path("timestamp").asString(""));
    } catch (DateTimeParseException none) {
      return null;
    }
  }
}
