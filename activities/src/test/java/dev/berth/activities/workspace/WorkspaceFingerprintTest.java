package dev.berth.activities.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkspaceFingerprintTest {
  @TempDir private Path folder;
  private Path workspace;

  @BeforeEach
  void makeAWorkspace() throws IOException {
    workspace = folder.resolve("workspace");
    Files.createDirectories(workspace.resolve("project"));
  }

  @Test
  void aWorkspaceWithoutFilesIsEmptyWhateverWasInItBefore() throws IOException {
    assertThat(of()).isEqualTo(WorkspaceFingerprint.EMPTY);
    Files.delete(Files.writeString(workspace.resolve("project/a"), "1"));

    assertThat(of()).isEqualTo(WorkspaceFingerprint.EMPTY);
  }

  @Test
  void aFolderWithoutFilesIsSomething() throws IOException {
    Files.createDirectory(workspace.resolve("project/project"));

    assertThat(of()).isNotEqualTo(WorkspaceFingerprint.EMPTY);
  }

  @Test
  void staysTheSameWhenNothingChangesAndWhenTheWorkspaceIsHandedOn() throws IOException {
    Files.writeString(workspace.resolve("project/a"), "1");
    var before = of();
    assertThat(of()).isEqualTo(before);

    workspace = Files.move(workspace, folder.resolve("next"));

    assertThat(of()).isEqualTo(before);
  }

  @Test
  void everyKindOfChangeIsSeen() throws IOException {
    var file = Files.writeString(workspace.resolve("project/a"), "1");
    var written = of();
    var time = Files.getLastModifiedTime(file);
    Files.writeString(file, "2");
    Files.setLastModifiedTime(file, time);
    var rewritten = of();
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    var executable = of();
    Files.move(file, workspace.resolve("b"));

    assertThat(rewritten).isNotEqualTo(written);
    assertThat(executable).isNotEqualTo(rewritten);
    assertThat(of()).isNotEqualTo(executable);
  }

  @Test
  void aWorkspaceThatIsGoneHasNone() throws IOException {
    Files.delete(workspace.resolve("project"));
    Files.delete(workspace);

    assertThat(of()).isNull();
  }

  private @Nullable String of() {
    return WorkspaceFingerprint.of(workspace);
  }
}
