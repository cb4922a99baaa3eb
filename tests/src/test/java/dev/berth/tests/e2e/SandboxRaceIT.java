package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.Machine.docker;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import dev.berth.activities.sandbox.DockerSandboxRuntime;
import dev.berth.activities.sandbox.SandboxInspection;
import dev.berth.activities.sandbox.SandboxProperties;
import dev.berth.activities.sandbox.SandboxSpec;
import dev.berth.activities.sandbox.SandboxTier;
import dev.berth.protocol.HostId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.unit.DataSize;

/** Starts of one sandbox that race, on a real engine. */
@Tag("e2e")
@Timeout(120)
class SandboxRaceIT {
  private static final String ENGINE = "unix:///var/run/docker.sock";

  @TempDir private Path folder;
  private final SandboxId sandbox =
      new SandboxId("sb-" + HexFormat.of().toHexDigits(UUID.randomUUID().getMostSignificantBits()));
  private final SessionId session = new SessionId(UUID.randomUUID().toString());
  private DockerClient docker;
  private DockerSandboxRuntime runtime;
  private SandboxSpec spec;

  @BeforeEach
  void begin() throws IOException {
    var image = System.getProperty("berth.sandbox-image");
    Assumptions.assumeTrue(image != null, "berth.sandbox-image is not set: run by ./berth test");
    var config =
        DefaultDockerClientConfig.createDefaultConfigBuilder().withDockerHost(ENGINE).build();
    docker =
        DockerClientImpl.getInstance(
            config,
            new ZerodepDockerHttpClient.Builder().dockerHost(config.getDockerHost()).build());
    runtime =
        new DockerSandboxRuntime(
            docker,
            new SandboxProperties(
                "race-" + sandbox,
                image,
                SandboxTier.LITE,
                null,
                URI.create(ENGINE),
                folder,
                folder,
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                Duration.ofSeconds(30),
                DataSize.ofMegabytes(256)),
            new HostId("host-race"));
    spec =
        new SandboxSpec(
            sandbox,
            image,
            SandboxTier.LITE,
            Files.createDirectory(folder.resolve("door")),
            Files.createDirectory(folder.resolve("workspace")),
            Files.createDirectory(folder.resolve("home")),
            Files.createDirectory(folder.resolve("spool")));
  }

  @AfterEach
  void end() throws IOException {
    if (docker != null) {
      containers().forEach(id -> docker("rm", "-f", id));
      docker.close();
    }
  }

  @Test
  void a16StartsThatRaceMakeOneContainer() {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var starts =
          IntStream.range(0, 4)
              .mapToObj(start -> CompletableFuture.supplyAsync(this::start, threads))
              .toList();
      assertThat(starts.stream().map(CompletableFuture::join).flatMap(Optional::stream))
          .as("a start may come while the engine makes the container: it is told to come again")
          .hasSizeLessThan(4)
          .allSatisfy(
              problem -> assertThat(problem.away()).isEqualTo(PlatformPart.CONTAINER_ENGINE));
    }
    runtime.start(spec);

    assertThat(containers()).hasSize(1);
    assertThat(runtime.inspect(sandbox)).isEqualTo(new SandboxInspection.Running());
  }

  @Test
  void a16AStartAfterTheClaimFindsTheContainerUnderItsOtherName() {
    runtime.start(spec);
    runtime.claim(sandbox, session);
    var first = containers();

    runtime.start(spec);

    assertThat(containers()).isEqualTo(first);
    assertThat(docker("inspect", "-f", "{{.Name}}", first.getFirst()))
        .isEqualTo("/berth-" + session);
  }

  private Optional<Problem> start() {
    try {
      runtime.start(spec);
      return Optional.empty();
    } catch (ProblemException failed) {
      return Optional.of(failed.problem());
    }
  }

  private List<String> containers() {
    return docker("ps", "-aq", "--no-trunc", "--filter", "label=berth.sandbox=" + sandbox)
        .lines()
        .toList();
  }
}
