package dev.berth.activities.workspace;

import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.activities.TestObjects;
import dev.berth.activities.TestRestic;
import dev.berth.activities.workspace.WorkspaceSnapshots.Depth;
import dev.berth.activities.workspace.WorkspaceSnapshots.Health;
import dev.berth.activities.workspace.WorkspaceSnapshots.Moment;
import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.activities.workspace.WorkspaceSnapshots.Take;
import dev.berth.activities.workspace.WorkspaceSnapshots.Taken;
import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real S3 server and the real restic. */
@Timeout(120)
class ResticSnapshotsTest {
  private static final int AGENT = 10002;

  @TempDir private static Path server;
  private static TestObjects objects;

  @TempDir private Path folder;
  private final Owner owner = owner();
  private Path workspace;
  private WorkspaceSnapshots snapshots;

  @BeforeAll
  static void startServer() throws Exception {
    objects = TestObjects.in(server);
  }

  @AfterAll
  static void stopServer() throws Exception {
    objects.close();
  }

  @BeforeEach
  void makeAWorkspace() throws IOException {
    workspace = Files.createDirectories(folder.resolve("workspace"));
    Files.createDirectories(workspace.resolve("project"));
    snapshots = TestRestic.snapshots(objects);
  }

  @Test
  void aSnapshotIsRestoredWithContentModeOwnerTimeAndLinks() throws IOException {
    write("project/notes.txt", "kept");
    var script = write("project/run", "#!/bin/sh\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("r-xr-x---"));
    Files.setAttribute(script, "unix:uid", AGENT);
    Files.setAttribute(script, "unix:gid", AGENT);
    Files.setLastModifiedTime(script, FileTime.fromMillis(1_600_000_000_123L));
    Files.createSymbolicLink(workspace.resolve("project/link"), Path.of("/etc/hostname"));

    var taken = take(null, ResticSnapshotsTest::nobodyWrites);
    var restored = restore(taken);

    assertThat(taken.quiesced()).isTrue();
    assertThat(taken.files()).isEqualTo(2);
    assertThat(restored.resolve("project/notes.txt")).hasContent("kept");
    assertThat(Files.readAttributes(restored.resolve("project/run"), "unix:uid,gid,mode"))
        .containsEntry("uid", AGENT)
        .containsEntry("gid", AGENT)
        .containsEntry("mode", 0100550);
    assertThat(Files.getLastModifiedTime(restored.resolve("project/run")).toMillis())
        .isEqualTo(1_600_000_000_123L);
    assertThat(Files.readSymbolicLink(restored.resolve("project/link")))
        .isEqualTo(Path.of("/etc/hostname"));
    assertThat(Files.isRegularFile(restored.resolve("project/link"), LinkOption.NOFOLLOW_LINKS))
        .isFalse();
  }

  @Test
  void onlyWhatIsNewIsStored() throws IOException {
    write("project/large", "x".repeat(3_000_000) + UUID.randomUUID());
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    write("project/small", "one more");

    var second = take(first.id(), ResticSnapshotsTest::nobodyWrites);

    assertThat(second.id()).isNotEqualTo(first.id());
    assertThat(second.bytes()).isGreaterThan(3_000_000);
    assertThat(second.addedBytes()).isLessThan(10_000);
    assertThat(restore(second).resolve("project/small")).hasContent("one more");
  }

  @Test
  void aDirectoryThatIsAsItWasGivesTheEarlierSnapshotAgain() throws IOException {
    write("project/notes.txt", "kept");
    var first = take(null, ResticSnapshotsTest::nobodyWrites);

    assertThat(take(first.id(), ResticSnapshotsTest::nobodyWrites).id()).isEqualTo(first.id());
  }

  @Test
  void theSnapshotOfADirectoryThatMovedIsComparedWithTheOneBefore() throws IOException {
    write("project/large", "x".repeat(3_000_000) + UUID.randomUUID());
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    workspace = Files.move(workspace, folder.resolve("of the next sandbox"));
    write("project/small", "one more");

    assertThat(take(first.id(), ResticSnapshotsTest::nobodyWrites).addedBytes()).isLessThan(10_000);
  }

  @Test
  void aSnapshotDuringWhichATurnBeganIsNotQuiesced() throws IOException {
    write("project/notes.txt", "kept");
    var idle = new AtomicBoolean(true);

    assertThat(take(null, () -> idle.getAndSet(false)).quiesced()).isFalse();
    assertThat(take(null, () -> false).quiesced()).isFalse();
  }

  @Test
  void aSoundStoreIsSaidToBeSoundAndADamagedOneIsNot() throws IOException {
    write("project/notes.txt", "kept");
    var taken = take(null, ResticSnapshotsTest::nobodyWrites);
    assertThat(snapshots.check(owner, Depth.STRUCTURE)).isEqualTo(new Health.Sound());
    assertThat(snapshots.check(owner, Depth.CONTENT)).isEqualTo(new Health.Sound());

    objects.store().delete(keys().stream().filter(key -> key.contains("/data/")).toList());

    assertThat(snapshots.check(owner, Depth.STRUCTURE)).isInstanceOf(Health.Damaged.class);
    assertThatThrownBy(() -> restore(taken)).isInstanceOf(UnreadableSnapshot.class);
  }

  @Test
  void aRepairedStoreTakesSnapshotsThatCanBeRestored() throws IOException {
    write("project/notes.txt", "kept");
    take(null, ResticSnapshotsTest::nobodyWrites);
    objects.store().delete(keys().stream().filter(key -> key.contains("/data/")).toList());

    snapshots.repair(owner, (Health.Damaged) snapshots.check(owner, Depth.STRUCTURE));
    var again = take(null, ResticSnapshotsTest::nobodyWrites);

    assertThat(restore(again).resolve("project/notes.txt")).hasContent("kept");
  }

  @Test
  void contentThatChangedByItselfIsFoundByItsShareAndMended() throws IOException {
    var one = noise();
    var two = noise();
    var notes = write("project/notes.txt", one);
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    var before = keys();
    Files.writeString(notes, two);
    var second = take(first.id(), ResticSnapshotsTest::nobodyWrites);
    for (var key : keys()) {
      if (key.contains("/data/") && !before.contains(key)) {
        var pack = requireNonNull(objects.store().get(key));
        // The other new one has the names.
        if (pack.length > two.length() / 4) {
          pack[10] ^= 1;
          objects.store().put(key, pack, "application/octet-stream");
        }
      }
    }

    assertThat(snapshots.check(owner, Depth.STRUCTURE)).isEqualTo(new Health.Sound());
    assertThatThrownBy(() -> restore(second)).isInstanceOf(UnreadableSnapshot.class);
    var damages =
        IntStream.rangeClosed(1, 2)
            .mapToObj(part -> snapshots.check(owner, new Depth(part, 2)))
            .filter(Health.Damaged.class::isInstance)
            .map(Health.Damaged.class::cast)
            .toList();
    assertThat(damages).isNotEmpty();
    assertThat(damages).allSatisfy(damage -> assertThat(damage.packs()).isNotEmpty());

    damages.forEach(damage -> snapshots.repair(owner, damage));
    var again = take(null, ResticSnapshotsTest::nobodyWrites);

    assertThat(snapshots.check(owner, Depth.CONTENT)).isEqualTo(new Health.Sound());
    assertThat(restore(again).resolve("project/notes.txt")).hasContent(two);
    assertThat(restore(first).resolve("project/notes.txt")).hasContent(one);
  }

  /** Text that does not compress well. */
  private static String noise() {
    return Stream.generate(() -> UUID.randomUUID().toString()).limit(1000).collect(joining());
  }

  @Test
  void pruningLeavesTheNewestAndWhatTheyNeed() throws IOException {
    var notes = write("project/notes.txt", "0");
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    var latest = first;
    for (var index = 1; index < 4; index++) {
      Files.writeString(notes, "version " + index);
      latest = take(latest.id(), ResticSnapshotsTest::nobodyWrites);
    }

    snapshots.prune(owner, 2);

    assertThat(keys()).filteredOn(key -> key.contains("/snapshots/")).hasSize(2);
    assertThat(restore(latest).resolve("project/notes.txt")).hasContent("version 3");
    assertThat(snapshots.check(owner, Depth.CONTENT)).isEqualTo(new Health.Sound());
    assertThatThrownBy(() -> restore(first)).isInstanceOf(UnreadableSnapshot.class);
  }

  @Test
  void anotherSessionsPasswordOpensNothing() throws IOException {
    write("project/notes.txt", "kept");
    var taken = take(null, ResticSnapshotsTest::nobodyWrites);
    var stranger =
        new ResticSnapshots(
            TestRestic.properties("another key"), objects.storage(), objects.store());

    assertThatThrownBy(
            () -> stranger.restore(owner, taken.id(), Files.createDirectory(folder.resolve("s"))))
        .isInstanceOf(UnreadableSnapshot.class);
    assertThat(keys()).isNotEmpty().allMatch(key -> !key.contains("notes"));
  }

  @Test
  void deletionLeavesNothingOfTheSessionAndAllOfTheOthers() throws IOException {
    write("project/notes.txt", "kept");
    take(null, ResticSnapshotsTest::nobodyWrites);
    var other = owner();
    snapshots.take(other, new Take(workspace, moment(), null, ResticSnapshotsTest::nobodyWrites));

    snapshots.delete(owner);

    assertThat(keys()).isEmpty();
    assertThat(snapshots.check(other, Depth.STRUCTURE)).isEqualTo(new Health.Sound());
    snapshots.delete(owner);
  }

  @Test
  void aStoreThatDoesNotAnswerIsAwayAndNotBroken() throws IOException {
    var nowhere = new ObjectStorage(URI.create("http://127.0.0.1:1"), "r", "b", "key", "secret");
    try (var away = new ObjectStore(nowhere)) {
      var cut = new ResticSnapshots(TestRestic.properties("k"), nowhere, away);

      assertThatThrownBy(() -> cut.check(owner, Depth.STRUCTURE))
          .isInstanceOfSatisfying(
              ProblemException.class,
              refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.UNAVAILABLE));
    }
  }

  @Test
  void aSnapshotThatTakesTooLongIsEndedAndTheNextOneWorks() throws IOException {
    write("project/notes.txt", "kept");
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    var usual = TestRestic.properties("k");
    var hurried =
        new ResticSnapshots(
            new WorkspaceProperties(
                true,
                usual.restic(),
                usual.key(),
                Duration.ofMillis(50),
                usual.restoreTimeout(),
                usual.settle(),
                1,
                usual.patience(),
                usual.kept(),
                usual.readBackEvery(),
                usual.readBackShares()),
            objects.storage(),
            objects.store());

    assertThatThrownBy(() ->
            hurried.take(
                owner,
                new Take(workspace, moment(), first.id(), ResticSnapshotsTest::nobodyWrites)))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.TIMED_OUT));
    snapshots.prune(owner, 1);
  }

  @Test
  void aHostThatTakesEnoughSnapshotsSaysSoInsteadOfQueueing() throws Exception {
    write("project/notes.txt", "kept");
    var usual = TestRestic.properties("k");
    var one =
        new ResticSnapshots(
            new WorkspaceProperties(
                true,
                usual.restic(),
                usual.key(),
                usual.snapshotTimeout(),
                usual.restoreTimeout(),
                usual.settle(),
                1,
                Duration.ofMillis(1),
                usual.kept(),
                usual.readBackEvery(),
                usual.readBackShares()),
            objects.storage(),
            objects.store());
    var begun = new Semaphore(0);
    var goOn = new Semaphore(0);
    try (var beside = Executors.newVirtualThreadPerTaskExecutor()) {
      var first =
          beside.submit(() ->
              one.take(
                  owner,
                  new Take(
                      workspace,
                      moment(),
                      null,
                      () -> {
                        begun.release();
                        goOn.acquireUninterruptibly();
                        return true;
                      })));
      begun.acquire();

      assertThatThrownBy(() ->
              one.take(
                  owner(), new Take(workspace, moment(), null, ResticSnapshotsTest::nobodyWrites)))
          .isInstanceOfSatisfying(
              ProblemException.class,
              refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.UNAVAILABLE));

      goOn.release(2);
      assertThat(first.get().quiesced()).isTrue();
    }
  }

  @Test
  void aThousandFilesAreTakenAndRestored() throws IOException {
    for (var index = 0; index < 1000; index++) {
      write("project/d%d/f%d".formatted(index % 20, index), "file " + index);
    }
    var began = System.nanoTime();
    var first = take(null, ResticSnapshotsTest::nobodyWrites);
    var taken = System.nanoTime();
    write("project/d1/one-more", "x");
    var second = take(first.id(), ResticSnapshotsTest::nobodyWrites);
    var again = System.nanoTime();
    var restored = restore(second);
    var ended = System.nanoTime();

    assertThat(second.files()).isEqualTo(1001);
    assertThat(restored.resolve("project/d19/f999")).hasContent("file 999");
    System.out.printf(
        "1000 files: first %d ms, next %d ms, restore %d ms%n",
        (taken - began) / 1_000_000, (again - taken) / 1_000_000, (ended - again) / 1_000_000);
  }

  private Taken take(@Nullable SnapshotId earlier, BooleanSupplier quiet) {
    return snapshots.take(owner, new Take(workspace, moment(), earlier, quiet));
  }

  private Path restore(Taken taken) throws IOException {
    var target = Files.createTempDirectory(folder, "restored");
    snapshots.restore(owner, taken.id(), target);
    return target;
  }

  private Path write(String file, String content) throws IOException {
    var path = workspace.resolve(file);
    Files.createDirectories(path.getParent());
    return Files.writeString(path, content);
  }

  private List<String> keys() {
    return objects
        .store()
        .keys(ObjectKeys.workspace(owner.project().value(), owner.session().value()));
  }

  private static boolean nobodyWrites() {
    return true;
  }

  private static Moment moment() {
    return new Moment(3, new TurnId(UUID.randomUUID().toString()), 12);
  }

  private static Owner owner() {
    return new Owner(new ProjectId("p"), new SessionId(UUID.randomUUID().toString()));
  }
}
