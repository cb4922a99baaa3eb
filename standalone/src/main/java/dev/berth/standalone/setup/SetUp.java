package dev.berth.standalone.setup;

import dev.berth.standalone.platform.ResticSource;
import dev.berth.standalone.platform.Shell;
import dev.berth.standalone.platform.StartFailure;
import dev.berth.standalone.platform.TemporalSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes what a platform needs and is not there: a Docker engine, the Temporal server, restic, the
 * image of sandboxes. Steps that do not need each other run side by side. It can be interrupted and
 * run again, and does nothing a second time.
 */
public final class SetUp {
  private final Project project;
  private final Map<String, String> environment;
  private final Steps steps;

  public SetUp(Project project, Map<String, String> environment, Steps steps) {
    this.project = project;
    this.environment = environment;
    this.steps = steps;
  }

  /**
   * Runs it.
   *
   * @return the image of sandboxes
   * @throws StartFailure when a prerequisite is missing or a step fails
   */
  public String run() {
    requirePrerequisites();
    var temporal = CompletableFuture.runAsync(this::temporal, Thread::startVirtualThread);
    var restic = CompletableFuture.runAsync(this::restic, Thread::startVirtualThread);
    try {
      var image = image();
      temporal.join();
      restic.join();
      return image;
    } catch (CompletionException failed) {
      throw failed.getCause() instanceof StartFailure cause ? cause : failed;
    }
  }

  private void requirePrerequisites() {
    var missing =
        new Prerequisites(project, environment)
            .look().stream()
                .filter(Finding.Missing.class::isInstance)
                .map(Finding.Missing.class::cast)
                .toList();
    if (!missing.isEmpty()) {
      throw new StartFailure(
          "This machine lacks what Berth cannot make: "
              + missing.stream()
                  .map(finding -> finding.name() + " (" + finding.detail() + ")")
                  .collect(Collectors.joining(", "))
              + ".",
          missing.stream().map(Finding.Missing::remedy).collect(Collectors.joining("; ")));
    }
  }

  private void temporal() {
    switch (TemporalSource.of(project.home(), environment)) {
      case TemporalSource.Built() -> buildTemporal(null);
      case TemporalSource.ToBuild(_) ->
          buildTemporal("built from its Go modules, about 5 min the first time");
      // There, or refused with the other prerequisites.
      case TemporalSource.Elsewhere _, TemporalSource.Development _, TemporalSource.Nowhere _ -> {}
    }
  }

  /** Does nothing when the binaries are those of the pinned modules. */
  private void buildTemporal(@Nullable String why) {
    var build = project.root().resolve("tools/temporal/build").toString();
    var folder = project.home().cache().resolve("temporal").toString();
    steps.step(
        "Temporal server",
        why,
        log ->
            Shell.run(
                log,
                Map.of(),
                "Look at %s; the next run goes on where this one was.".formatted(log),
                List.of(build, folder)));
  }

  private void restic() {
    switch (ResticSource.of(project.home())) {
      case ResticSource.Built() -> buildRestic(null);
      case ResticSource.ToBuild(_) ->
          buildRestic("built from its Go module, about 1 min the first time");
      case ResticSource.Installed _, ResticSource.Nowhere _ -> {}
    }
  }

  /** Does nothing when the binary is that of the pinned module. */
  private void buildRestic(@Nullable String why) {
    var build = project.root().resolve("tools/restic/build").toString();
    var folder = String.valueOf(project.home().restic().getParent());
    steps.step(
        "restic",
        why,
        log ->
            Shell.run(
                log,
                Map.of(),
                "Look at %s; the next run goes on where this one was.".formatted(log),
                List.of(build, folder)));
  }

  private String image() {
    var engine = new DockerEngine(project);
    if (engine.version() == null) {
      steps.step("Docker engine", "installed and started", log -> engine.ensure());
    }
    var named = environment.get("SANDBOX_IMAGE");
    if (named != null && !named.isBlank()) {
      return named;
    }
    var script = project.root().resolve("bridge-container/image").toString();
    var command = List.of(script, "--variant", environment.getOrDefault("SANDBOX_VARIANT", "base"));
    return steps.step(
        "sandbox image",
        isImageThere(script) ? null : "made from Debian packages, about 4 min the first time",
        log -> {
          requireBase(script);
          return Shell.run(
              log,
              Map.of("BERTH_HOME", project.home().root().toString()),
              "Look at %s; the next run goes on where this one was.".formatted(log),
              command);
        });
  }

  /** A Debian base is made with debootstrap, unless a registry has one. */
  private void requireBase(String script) {
    if (isImageThere(script)
        || !environment.getOrDefault("BASE_IMAGE", "").isBlank()
        || Shell.firstLine("debootstrap", "--version") != null) {
      return;
    }
    new DebianPackages(project.home().log("setup"))
        .install(
            "The base of the sandbox image is made with debootstrap",
            "Install debootstrap, or set BASE_IMAGE to an image of Debian bookworm in a registry.",
            "debootstrap",
            "debian-archive-keyring");
  }

  private static boolean isImageThere(String script) {
    @Nullable String tag = Shell.firstLine(script, "--tag");
    return tag != null
        && Shell.firstLine("docker", "image", "inspect", "-f", "{{.Id}}", tag) != null;
  }
}
