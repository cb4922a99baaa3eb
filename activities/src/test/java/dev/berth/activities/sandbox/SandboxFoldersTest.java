package dev.berth.activities.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.berth.protocol.SandboxId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxFoldersTest {
  private static final SandboxId FIRST = new SandboxId("sb-0000000000000001");
  private static final SandboxId SECOND = new SandboxId("sb-0000000000000002");
  private static final SandboxId THIRD = new SandboxId("sb-0000000000000003");

  @TempDir private Path folder;
  private SandboxFolders folders;

  @BeforeEach
  void needsRoot() throws IOException {
    assumeThat(Files.getAttribute(folder, "unix:uid"))
        .as("only root may give folders to the users of the image")
        .isEqualTo(0);
    folders = new SandboxFolders(folder.resolve("root"), folder.resolve("sockets"));
  }

  @Test
  void onlyTheBridgeMayEnterTheDoorAndTheSpoolAndOnlyTheAgentTheRest() throws Exception {
    folders.prepare(FIRST, List.of());

    assertOwned(folders.door(FIRST), 10001);
    assertOwned(folders.spool(FIRST), 10001);
    assertOwned(folders.home(FIRST), 10002);
    assertOwned(folders.workspace(FIRST), 10002);
    assertOwned(folders.workspace(FIRST).resolve("project"), 10002);
  }

  @Test
  void preparingAgainKeepsWhatIsThere() throws Exception {
    folders.prepare(FIRST, List.of());
    Files.writeString(folders.workspace(FIRST).resolve("a"), "kept");

    folders.prepare(FIRST, List.of());

    assertThat(folders.workspace(FIRST).resolve("a")).hasContent("kept");
  }

  @Test
  void theNextSandboxTakesOverTheLatestWorkspaceAndTheOthersGo() throws Exception {
    folders.prepare(FIRST, List.of());
    Files.writeString(folders.workspace(FIRST).resolve("a"), "of the first");
    folders.prepare(SECOND, List.of());
    Files.writeString(folders.workspace(SECOND).resolve("a"), "of the second");

    folders.prepare(THIRD, List.of(SECOND, FIRST));

    assertThat(folders.workspace(THIRD).resolve("a")).hasContent("of the second");
    assertThat(folders.folder(FIRST)).doesNotExist();
    assertThat(folders.folder(SECOND)).doesNotExist();
    assertThat(folders.door(FIRST)).doesNotExist();
  }

  @Test
  void aSandboxThatEndsLeavesItsWorkspaceAndNothingElse() {
    folders.prepare(FIRST, List.of());

    folders.leaveWorkspace(FIRST);

    assertThat(folders.workspace(FIRST)).isDirectory();
    assertThat(folders.home(FIRST)).doesNotExist();
    assertThat(folders.spool(FIRST)).doesNotExist();
    assertThat(folders.door(FIRST)).doesNotExist();
  }

  @Test
  void linksThatLeadOutAreRemovedAndNotFollowed() throws Exception {
    var outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "kept");
    folders.prepare(FIRST, List.of());
    Files.createSymbolicLink(folders.home(FIRST).resolve("out"), outside);
    Files.createSymbolicLink(folders.workspace(FIRST).resolve("gone"), Path.of("/nowhere"));

    folders.remove(FIRST);

    assertThat(folders.folder(FIRST)).doesNotExist();
    assertThat(outside.resolve("precious")).hasContent("kept");
  }

  /** An agent makes it with as many steps down, and no path leads to its end. */
  @Test
  void aTreeThatIsDeeperThanAPathMayBeLongIsRemoved() throws Exception {
    folders.prepare(FIRST, List.of());
    var mkdir =
        new ProcessBuilder("mkdir", "-p", "x/".repeat(3000))
            .directory(folders.workspace(FIRST).toFile())
            .inheritIO()
            .start();
    assertThat(mkdir.waitFor()).isZero();

    folders.remove(FIRST);

    assertThat(folders.folder(FIRST)).doesNotExist();
  }

  @Test
  void aHostWithoutRoomEndsATurn() {
    folders.prepare(FIRST, List.of());

    assertThat(DiskWatch.start(folders.folder(FIRST), 1L << 60, Long.MAX_VALUE).full())
        .hasValueSatisfying(why -> assertThat(why).startsWith("The host has only"));
    assertThat(DiskWatch.start(folders.folder(FIRST), 1L << 60, 0).full()).isEmpty();
  }

  private static void assertOwned(Path path, int user) throws IOException {
    assertThat(Files.getAttribute(path, "unix:uid")).isEqualTo(user);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("rwx------");
  }
}
