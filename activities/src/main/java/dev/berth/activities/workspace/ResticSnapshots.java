package dev.berth.activities.workspace;

import dev.berth.activities.workspace.Restic.Ended;
import dev.berth.activities.workspace.Restic.Run;
import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * Snapshots by restic: incremental, addressed by content, encrypted. A repository of each session
 * lies in the bucket under a prefix of its own.
 */
public final class ResticSnapshots implements WorkspaceSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(ResticSnapshots.class);

  /** All snapshots say this, so that they compare across the hosts that a session had. */
  private static final String HOST = "berth";

  private static final String CRASH_CONSISTENT = "crash-consistent";

  /** The object that every repository has. */
  private static final String CONFIG = "config";

  private static final Path ANYWHERE = Path.of("/");

  private final WorkspaceProperties properties;
  private final ResticRepositories repositories;
  private final ObjectStore objects;
  private final Restic restic;
  private final Semaphore running;

  public ResticSnapshots(
      WorkspaceProperties properties, ObjectStorage storage, ObjectStore objects) {
    this.properties = properties;
    this.repositories = new ResticRepositories(storage, properties.key());
    this.objects = objects;
    this.restic = new Restic(properties.restic());
    this.running = new Semaphore(properties.concurrency(), true);
  }

  @Override
  public Taken take(Owner owner, Take what) {
    return bounded(() -> {
      ensure(owner);
      var moment = what.moment();
      var wasQuiet = what.quiet().getAsBoolean();
      var arguments = new ArrayList<>(List.of("backup", ".", "--host", HOST));
      arguments.addAll(
          List.of(
              "--tag",
              "session=%s,epoch=%d,turn=%s,seq=%d"
                  .formatted(owner.session(), moment.epoch(), moment.turn(), moment.seq())));
      if (!wasQuiet) {
        arguments.addAll(List.of("--tag", CRASH_CONSISTENT));
      }
      var earlier = what.earlier();
      arguments.addAll(
          earlier == null
              ? List.of("--force")
              : List.of("--parent", earlier.value(), "--skip-if-unchanged"));
      var ended = locking(owner, what.directory(), arguments);
      if (!ended.succeeded() && ended.code() != Ended.INCOMPLETE) {
        throw failure(owner, ended);
      }
      var summary = ended.summary();
      var id = summary.path("snapshot_id").asString("");
      var quiesced = wasQuiet && ended.succeeded() && what.quiet().getAsBoolean();
      return new Taken(
          id.isEmpty() && earlier != null ? earlier : new SnapshotId(id),
          quiesced,
          summary.path("total_files_processed").asLong(0),
          summary.path("total_bytes_processed").asLong(0),
          summary.path("data_added_packed").asLong(0));
    });
  }

  @Override
  public void restore(Owner owner, SnapshotId snapshot, Path into) {
    requireRepository(owner);
    var ended =
        run(
            owner,
            new Call(into, properties.restoreTimeout(), false),
            List.of("restore", snapshot.value(), "--no-lock", "--target", into.toString()));
    if (!ended.succeeded()) {
      throw failure(owner, ended);
    }
  }

  @Override
  public Health check(Owner owner, Depth depth) {
    requireRepository(owner);
    return bounded(() -> {
      var arguments = new ArrayList<>(List.of("check", "--no-lock"));
      if (depth.readsBack()) {
        arguments.add("--read-data-subset=" + depth);
      }
      var ended = run(owner, inBackground(ANYWHERE), arguments);
      if (ended.succeeded()) {
        return new Health.Sound();
      }
      LOG.atError().log("the snapshots of session {}: {}", owner.session(), ended.detail());
      requireRepository(owner);
      return new Health.Damaged(
          ended.summary().path("broken_packs").valueStream().map(JsonNode::asString).toList());
    });
  }

  @Override
  public void repair(Owner owner, Health.Damaged damage) {
    bounded(() -> {
      if (!damage.packs().isEmpty()) {
        salvage(owner, damage.packs());
      }
      return require(owner, locking(owner, ANYWHERE, List.of("repair", "index")));
    });
  }

  /** What can still be read of damaged packs moves to new ones; restic leaves copies behind. */
  private void salvage(Owner owner, List<String> packs) {
    try {
      var copies = Files.createTempDirectory("berth-damaged");
      try {
        var arguments = new ArrayList<>(List.of("repair", "packs"));
        arguments.addAll(packs);
        // It fails when some of it could not be read, which is why it is run.
        var ended = locking(owner, copies, arguments);
        LOG.atWarn()
            .log("session {}: damaged packs {}: {}", owner.session(), packs, ended.detail());
      } finally {
        for (var pack : packs) {
          Files.deleteIfExists(copies.resolve("pack-" + pack));
        }
        Files.delete(copies);
      }
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot repair the snapshots of " + owner.session(), failed);
    }
  }

  @Override
  public void prune(Owner owner, int kept) {
    bounded(() ->
        require(
            owner,
            locking(
                owner,
                ANYWHERE,
                List.of(
                    "forget", "--keep-last", String.valueOf(kept), "--group-by", "", "--prune"))));
  }

  @Override
  public void delete(Owner owner) {
    objects.delete(objects.keys(repositories.prefix(owner)));
  }

  /** Makes the repository unless it is there. */
  private void ensure(Owner owner) {
    if (exists(owner)) {
      return;
    }
    var ended = run(owner, inBackground(ANYWHERE), List.of("init"));
    if (!ended.succeeded() && !exists(owner)) {
      throw failure(owner, ended);
    }
  }

  private void requireRepository(Owner owner) {
    if (!exists(owner)) {
      throw new UnreadableSnapshot("Session %s has no snapshots.".formatted(owner.session()));
    }
  }

  private boolean exists(Owner owner) {
    try {
      return objects.get(repositories.prefix(owner) + CONFIG) != null;
    } catch (RuntimeException away) {
      throw new ProblemException(
          Problem.away(PlatformPart.OBJECT_STORAGE, "Object storage does not answer."), away);
    }
  }

  private RuntimeException failure(Owner owner, Ended ended) {
    if (ended.code() == Ended.LOCKED) {
      return new ProblemException(
          ProblemType.UNAVAILABLE,
          "The snapshots of session %s are in use.".formatted(owner.session()));
    }
    if (ended.code() != Ended.NO_REPOSITORY) {
      // A store that is away is not broken.
      requireRepository(owner);
    }
    return new UnreadableSnapshot(
        "The snapshots of session %s: %s".formatted(owner.session(), ended.detail()));
  }

  private Ended require(Owner owner, Ended ended) {
    if (!ended.succeeded()) {
      throw failure(owner, ended);
    }
    return ended;
  }

  /** The lock of a restic that was killed is removed, the one of a living restic is not. */
  private Ended locking(Owner owner, Path directory, List<String> arguments) {
    var ended = run(owner, inBackground(directory), arguments);
    if (ended.code() != Ended.LOCKED) {
      return ended;
    }
    run(owner, inBackground(ANYWHERE), List.of("unlock"));
    return run(owner, inBackground(directory), arguments);
  }

  private record Call(Path directory, Duration timeout, boolean polite) {}

  private Call inBackground(Path directory) {
    return new Call(directory, properties.snapshotTimeout(), true);
  }

  private Ended run(Owner owner, Call call, List<String> arguments) {
    var all = new ArrayList<>(arguments);
    all.addAll(repositories.options());
    return restic.run(
        new Run(
            repositories.environment(owner), call.directory(), call.timeout(), call.polite(), all));
  }

  /** A host takes a few snapshots at a time; who waits too long comes back later. */
  private <T> T bounded(Supplier<T> work) {
    try {
      if (!running.tryAcquire(properties.patience().toMillis(), TimeUnit.MILLISECONDS)) {
        throw new ProblemException(
            ProblemType.UNAVAILABLE,
            "This host takes %d snapshots already.".formatted(properties.concurrency()));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the worker is shutting down", interrupted);
    }
    try {
      return work.get();
    } finally {
      running.release();
    }
  }
}
