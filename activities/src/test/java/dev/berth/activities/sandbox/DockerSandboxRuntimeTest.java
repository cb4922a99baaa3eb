package dev.berth.activities.sandbox;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import dev.berth.protocol.HostId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.event.SandboxEndReason;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.util.unit.DataSize;

/** What the engine is asked for; no engine is there. */
@Timeout(60)
class DockerSandboxRuntimeTest {
  private static final SandboxId SANDBOX = new SandboxId("sb-0123456789abcdef");
  private static final URI NOWHERE = URI.create("tcp://127.0.0.1:1");

  private final DockerSandboxRuntime runtime = runtime(null);

  @Test
  void aSandboxHasNoNetwork() {
    assertThat(host(SandboxTier.LITE).getNetworkMode()).isEqualTo("none");
  }

  @Test
  void aSandboxHasNoCapabilitiesButTheLaunchersTwo() {
    var host = host(SandboxTier.LITE);

    assertThat(host.getCapDrop()).containsExactly(Capability.ALL);
    assertThat(host.getCapAdd()).containsExactlyInAnyOrder(Capability.SETUID, Capability.SETGID);
    assertThat(host.getPrivileged()).isNotEqualTo(true);
    assertThat(host.getSecurityOpts()).containsExactly("no-new-privileges");
  }

  @Test
  void aSandboxesRootIsReadOnlyAndWhatItMayWriteIsBounded() {
    var host = host(SandboxTier.LITE);

    assertThat(host.getReadonlyRootfs()).isTrue();
    assertThat(host.getTmpFs()).containsOnlyKeys("/tmp", "/run/launcher", "/run/bridge");
    assertThat(requireNonNull(host.getTmpFs()).values())
        .allSatisfy(
            options -> assertThat(options).contains("nosuid").contains("nodev").contains("size="));
    assertThat(requireNonNull(host.getTmpFs()).get("/run/bridge")).contains("mode=0700");
    assertThat(host.getLogConfig().getConfig())
        .isEqualTo(Map.of("max-size", "1m", "max-file", "2"));
  }

  @Test
  void ofTheHostASandboxSeesItsDoorItsWorkspaceAndItsHome() {
    assertThat(host(SandboxTier.LITE).getBinds())
        .extracting(Bind::getPath, bind -> bind.getVolume().getPath())
        .containsExactly(
            tuple("/run/b/door", "/run/berth"),
            tuple("/srv/b/workspace", "/workspace"),
            tuple("/srv/b/home", "/home/agent"),
            tuple("/srv/b/spool", "/var/spool/berth"));
  }

  @ParameterizedTest
  @EnumSource(SandboxTier.class)
  void aTierIsALimitOfMemoryProcessorsAndProcesses(SandboxTier tier) {
    var host = host(tier);

    assertThat(host.getMemory()).isEqualTo(tier.memoryBytes());
    assertThat(host.getMemorySwap()).as("memory and swap together").isEqualTo(tier.memoryBytes());
    assertThat(host.getNanoCPUs()).isEqualTo(tier.nanoCpus());
    assertThat(host.getPidsLimit()).isEqualTo(1024);
  }

  @ParameterizedTest
  @CsvSource({
    "LITE, lite, 250, 1, 2",
    "BASIC, basic, 500, 2, 4",
    "STANDARD_1, standard-1, 500, 4, 8",
    "STANDARD_2, standard-2, 1000, 6, 12",
    "STANDARD_3, standard-3, 2000, 8, 16",
    "STANDARD_4, standard-4, 4000, 12, 20",
  })
  void tiersHaveTheseSizes(
      SandboxTier tier, String label, long millicores, long memoryGib, long diskGib) {
    assertThat(tier.label()).isEqualTo(label);
    assertThat(tier.nanoCpus()).isEqualTo(millicores * 1_000_000);
    assertThat(tier.memoryBytes()).isEqualTo(memoryGib << 30);
    assertThat(tier.diskBytes()).isEqualTo(diskGib << 30);
  }

  @Test
  void aSandboxCarriesWhoseItIsAndNoSecret() {
    var creation = runtime.creation(spec(SandboxTier.LITE));

    assertThat(creation.getName()).isEqualTo("berth-sb-0123456789abcdef");
    assertThat(creation.getImage()).isEqualTo("image:1");
    assertThat(creation.getLabels())
        .isEqualTo(
            Map.of(
                "berth.installation", "here",
                "berth.host", "host-1",
                "berth.sandbox", SANDBOX.value()));
    assertThat(creation.getEnv()).containsExactly("BERTH_SANDBOX_ID=" + SANDBOX);
  }

  @Test
  void theEnginesOwnOciRuntimeIsTakenUnlessOneIsNamed() {
    assertThat(host(SandboxTier.LITE).getRuntime()).isNull();
    assertThat(
            requireNonNull(runtime("runsc").creation(spec(SandboxTier.LITE)).getHostConfig())
                .getRuntime())
        .isEqualTo("runsc");
  }

  @Test
  void listsOnlyTheSandboxesOfThisInstallationAndHostRunningOrNot() {
    var listing = runtime.listing();

    assertThat(listing.hasShowAllEnabled()).isTrue();
    assertThat(listing.getFilters()).containsOnlyKeys("label");
    assertThat(requireNonNull(listing.getFilters()).get("label"))
        .containsExactlyInAnyOrder("berth.installation=here", "berth.host=host-1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"Status\": \"created\", \"Running\": false, \"ExitCode\": 0} | START_FAILED",
        "{\"Status\": \"exited\", \"Running\": false, \"ExitCode\": 0} | EXITED",
        "{\"Status\": \"exited\", \"Running\": false, \"ExitCode\": 3} | EXITED",
        "{\"Status\": \"exited\", \"Running\": false, \"ExitCode\": 137} | KILLED",
        "{\"Status\": \"exited\", \"Running\": false, \"ExitCode\": 137, \"OOMKilled\": true} | OOM_KILLED",
        "{\"Status\": \"dead\", \"Running\": false} | EXITED",
      })
  void whatTheEngineSaysOfAnEndHasAReason(String state, SandboxEndReason reason) throws Exception {
    assertThat(DockerSandboxRuntime.inspection(state(state)))
        .isInstanceOfSatisfying(
            SandboxInspection.Ended.class, ended -> assertThat(ended.reason()).isEqualTo(reason));
  }

  @Test
  void aContainerThatRunsRuns() throws Exception {
    assertThat(
            DockerSandboxRuntime.inspection(
                state("{\"Status\": \"running\", \"Running\": true, \"OOMKilled\": true}")))
        .isEqualTo(new SandboxInspection.Running());
  }

  @Test
  void anEngineThatIsAwayIsNoWordAgainstASandbox() {
    assertThatThrownBy(() -> runtime.inspect(SANDBOX))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.UNAVAILABLE))
        .hasMessageContaining(NOWHERE.toString());
  }

  private HostConfig host(SandboxTier tier) {
    return requireNonNull(runtime.creation(spec(tier)).getHostConfig());
  }

  private static SandboxSpec spec(SandboxTier tier) {
    return new SandboxSpec(
        SANDBOX,
        "image:1",
        tier,
        Path.of("/run/b/door"),
        Path.of("/srv/b/workspace"),
        Path.of("/srv/b/home"),
        Path.of("/srv/b/spool"));
  }

  private static InspectContainerResponse.ContainerState state(String json) throws Exception {
    return requireNonNull(
        new ObjectMapper()
            .readValue("{\"State\": %s}".formatted(json), InspectContainerResponse.class)
            .getState());
  }

  private static DockerSandboxRuntime runtime(@Nullable String ociRuntime) {
    return new DockerSandboxRuntime(
        engine(),
        new SandboxProperties(
            "here",
            "image:1",
            SandboxTier.LITE,
            ociRuntime,
            NOWHERE,
            Path.of("/srv/b"),
            Path.of("/run/b"),
            Duration.ofSeconds(30),
            Duration.ofSeconds(5),
            Duration.ofSeconds(30),
            DataSize.ofMegabytes(256)),
        new HostId("host-1"));
  }

  private static DockerClient engine() {
    var config =
        DefaultDockerClientConfig.createDefaultConfigBuilder()
            .withDockerHost(NOWHERE.toString())
            .build();
    return DockerClientImpl.getInstance(
        config, new ZerodepDockerHttpClient.Builder().dockerHost(NOWHERE).build());
  }
}
