package dev.berth.activities.sandbox;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.command.InspectContainerResponse.ContainerState;
import com.github.dockerjava.api.command.ListContainersCmd;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Volume;
import dev.berth.protocol.HostId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.SandboxEndReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sandboxes as containers of a Docker engine, without a network and with one way out: the door. */
public final class DockerSandboxRuntime implements SandboxRuntime {
  /** Where the bridge finds the door, the agent its workspace and its home. */
  private static final String DOOR = "/run/berth";

  private static final String WORKSPACE = "/workspace";
  private static final String HOME = "/home/agent";
  private static final String SPOOL = "/var/spool/berth";

  /** The bridge's and the agent's users in the image; the launcher is root without rights. */
  static final int BRIDGE_USER = 10001;

  static final int AGENT_USER = 10002;

  private static final String INSTALLATION_LABEL = "berth.installation";
  private static final String SANDBOX_LABEL = "berth.sandbox";
  private static final String HOST_LABEL = "berth.host";

  /** Enough for a build with many processes, too few for a fork bomb to hurt its neighbours. */
  private static final long PIDS = 1024;

  private static final int LOG_TAIL_LINES = 30;
  private static final int LOG_TAIL_CHARACTERS = 2048;
  private static final int KILLED = 137;

  private final DockerClient docker;
  private final SandboxProperties properties;
  private final HostId host;

  public DockerSandboxRuntime(DockerClient docker, SandboxProperties properties, HostId host) {
    this.docker = docker;
    this.properties = properties;
    this.host = host;
  }

  @Override
  public void start(SandboxSpec spec) {
    call(() -> {
      try {
        docker.startContainerCmd(onlyOne(spec.id(), create(spec))).exec();
      } catch (NotModifiedException runs) {
        // Started by an attempt before this one.
        return null;
      }
      return null;
    });
  }

  /** Gives the id of the container; of two starts at a time one makes it, and both have it. */
  private String create(SandboxSpec spec) {
    try {
      return creation(spec).exec().getId();
    } catch (ConflictException exists) {
      return made(spec.id());
    } catch (NotFoundException missing) {
      throw new ProblemException(
          ProblemType.IMAGE_MISSING,
          "The sandbox image %s is not on host %s; ./berth up builds it, or set SANDBOX_IMAGE to one that is."
              .formatted(spec.image(), host),
          missing);
    }
  }

  /** The id of the container that another start made. */
  private String made(SandboxId sandbox) {
    try {
      return docker.inspectContainerCmd(name(sandbox)).exec().getId();
    } catch (NotFoundException soon) {
      // The engine gives away the name first, the container can be asked for later. Nothing failed:
      // this start must not end what the other one makes.
      throw new ProblemException(
          Problem.away(
              PlatformPart.CONTAINER_ENGINE,
              "The Docker engine at %s is still making container %s for another start; try again."
                  .formatted(properties.engine(), name(sandbox))),
          soon);
    }
  }

  /**
   * A container that was claimed has another name and does not keep a second one from being made:
   * the first one made stays.
   */
  private String onlyOne(SandboxId sandbox, String made) {
    var first =
        containers(sandbox).stream()
            .min(
                // The engine knows seconds only: what runs already has been chosen before.
                Comparator.comparing((Container container) -> !isRunning(container))
                    .thenComparing(Container::getCreated)
                    .thenComparing(Container::getId))
            .map(Container::getId)
            .orElse(made);
    if (!first.equals(made)) {
      removeContainer(made);
    }
    return first;
  }

  private static boolean isRunning(Container container) {
    return "running".equals(container.getState());
  }

  @Override
  public void claim(SandboxId sandbox, SessionId session) {
    call(() -> {
      var id = id(sandbox);
      if (id == null) {
        throw new ProblemException(
            ProblemType.SANDBOX_FAILED, "Sandbox %s is gone.".formatted(sandbox));
      }
      docker.renameContainerCmd(id).withName("berth-" + session).exec();
      return null;
    });
  }

  @Override
  public SandboxInspection inspect(SandboxId sandbox) {
    return call(() -> {
      var id = id(sandbox);
      if (id == null) {
        return new SandboxInspection.Missing();
      }
      try {
        return inspection(docker.inspectContainerCmd(id).exec().getState());
      } catch (NotFoundException gone) {
        return new SandboxInspection.Missing();
      }
    });
  }

  @Override
  public String logTail(SandboxId sandbox) {
    return call(() -> {
      var id = id(sandbox);
      return id == null ? "" : tail(id);
    });
  }

  @Override
  public void remove(SandboxId sandbox) {
    call(() -> {
      var id = id(sandbox);
      if (id != null) {
        removeContainer(id);
      }
      return null;
    });
  }

  @Override
  public List<SandboxId> list() {
    return call(() ->
        listing().exec().stream()
            .map(container -> container.getLabels().get(SANDBOX_LABEL))
            .filter(Objects::nonNull)
            .map(SandboxId::new)
            .toList());
  }

  /** What the engine is asked to make. */
  CreateContainerCmd creation(SandboxSpec spec) {
    return docker
        .createContainerCmd(spec.image())
        .withName(name(spec.id()))
        .withHostName("sandbox")
        .withEnv("BERTH_SANDBOX_ID=" + spec.id())
        .withLabels(
            Map.of(
                INSTALLATION_LABEL, properties.installation(),
                HOST_LABEL, host.value(),
                SANDBOX_LABEL, spec.id().value()))
        .withHostConfig(hostConfig(spec));
  }

  /** Asks for the containers of this installation and host, and for no others. */
  ListContainersCmd listing() {
    return docker
        .listContainersCmd()
        .withShowAll(true)
        .withLabelFilter(
            Map.of(INSTALLATION_LABEL, properties.installation(), HOST_LABEL, host.value()));
  }

  private HostConfig hostConfig(SandboxSpec spec) {
    var config =
        HostConfig.newHostConfig()
            .withInit(true)
            .withNetworkMode("none")
            .withReadonlyRootfs(true)
            .withCapDrop(Capability.ALL)
            .withCapAdd(Capability.SETUID, Capability.SETGID)
            .withSecurityOpts(List.of("no-new-privileges"))
            .withPidsLimit(PIDS)
            .withMemory(spec.tier().memoryBytes())
            .withMemorySwap(spec.tier().memoryBytes())
            .withNanoCPUs(spec.tier().nanoCpus())
            .withTmpFs(
                Map.of(
                    "/tmp", "rw,exec,nosuid,nodev,size=1g,mode=1777",
                    "/run/launcher",
                        "rw,noexec,nosuid,nodev,size=1m,uid=0,gid=%d,mode=0750"
                            .formatted(BRIDGE_USER),
                    "/run/bridge",
                        "rw,noexec,nosuid,nodev,size=64m,uid=%d,gid=%d,mode=0700"
                            .formatted(BRIDGE_USER, BRIDGE_USER)))
            .withBinds(
                new Bind(spec.door().toString(), new Volume(DOOR)),
                new Bind(spec.workspace().toString(), new Volume(WORKSPACE)),
                new Bind(spec.home().toString(), new Volume(HOME)),
                new Bind(spec.spool().toString(), new Volume(SPOOL)))
            .withLogConfig(logConfig());
    var runtime = properties.ociRuntime();
    return runtime == null ? config : config.withRuntime(runtime);
  }

  /** A sandbox's log is small, and must not fill the host's disk. */
  private static LogConfig logConfig() {
    return new LogConfig(
        LogConfig.LoggingType.JSON_FILE, Map.of("max-size", "1m", "max-file", "2"));
  }

  /** The id of the container, whatever name it has by now; null when there is none. */
  private @Nullable String id(SandboxId sandbox) {
    return containers(sandbox).stream().map(Container::getId).findFirst().orElse(null);
  }

  private List<Container> containers(SandboxId sandbox) {
    return docker
        .listContainersCmd()
        .withShowAll(true)
        .withLabelFilter(
            Map.of(INSTALLATION_LABEL, properties.installation(), SANDBOX_LABEL, sandbox.value()))
        .exec();
  }

  private void removeContainer(String id) {
    try {
      docker.removeContainerCmd(id).withForce(true).withRemoveVolumes(true).exec();
    } catch (NotFoundException gone) {
      // Somebody else was faster.
      return;
    } catch (ConflictException busy) {
      // "removal is already in progress": the engine finishes it.
      return;
    }
  }

  static SandboxInspection inspection(ContainerState state) {
    if (Boolean.TRUE.equals(state.getRunning())) {
      return new SandboxInspection.Running();
    }
    if (Objects.equals(state.getStatus(), "created")) {
      return new SandboxInspection.Ended(SandboxEndReason.START_FAILED, "never started");
    }
    var exit = state.getExitCodeLong();
    var detail = "exit code " + exit;
    if (Boolean.TRUE.equals(state.getOOMKilled())) {
      return new SandboxInspection.Ended(SandboxEndReason.OOM_KILLED, detail);
    }
    return new SandboxInspection.Ended(
        exit != null && exit == KILLED ? SandboxEndReason.KILLED : SandboxEndReason.EXITED, detail);
  }

  private String tail(String id) {
    var text = new StringBuilder();
    try (var log =
        docker
            .logContainerCmd(id)
            .withStdErr(true)
            .withStdOut(true)
            .withTail(LOG_TAIL_LINES)
            .exec(
                new ResultCallback.Adapter<Frame>() {
                  @Override
                  public void onNext(Frame frame) {
                    text.append(new String(frame.getPayload(), StandardCharsets.UTF_8));
                  }
                })) {
      log.awaitCompletion(2, TimeUnit.SECONDS);
    } catch (IOException closing) {
      throw new UncheckedIOException(closing);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    var whole = text.toString().strip();
    return whole.substring(Math.max(0, whole.length() - LOG_TAIL_CHARACTERS));
  }

  private static String name(SandboxId sandbox) {
    return "berth-" + sandbox;
  }

  /** Gives what the engine says its place in the catalogue. */
  private <T> T call(Supplier<T> command) {
    try {
      return command.get();
    } catch (ProblemException known) {
      throw known;
    } catch (InternalServerErrorException broken) {
      if (isWithoutContainerd(broken)) {
        throw away(broken);
      }
      throw refused(broken);
    } catch (DockerException refused) {
      throw refused(refused);
    } catch (RuntimeException unreachable) {
      throw away(unreachable);
    }
  }

  /** An engine that comes up, or goes down, answers before, or after, what it works with does. */
  private static boolean isWithoutContainerd(InternalServerErrorException broken) {
    var message = String.valueOf(broken.getMessage());
    return message.contains("containerd.sock") || message.contains("code = Unavailable");
  }

  private static ProblemException refused(DockerException refused) {
    return new ProblemException(
        ProblemType.SANDBOX_FAILED, "The Docker engine refused: " + refused.getMessage(), refused);
  }

  private ProblemException away(RuntimeException cause) {
    return new ProblemException(
        Problem.away(
            PlatformPart.CONTAINER_ENGINE,
            "The Docker engine at %s does not answer; start it, ./berth doctor tells how."
                .formatted(properties.engine())),
        cause);
  }
}
