package dev.berth.activities;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.activities.model.GatewayProperties;
import dev.berth.activities.retention.RetentionProperties;
import dev.berth.activities.sandbox.SandboxProperties;
import dev.berth.activities.sandbox.SandboxTier;
import dev.berth.activities.sandbox.ToolJournalProperties;
import dev.berth.activities.sandbox.WatchdogProperties;
import dev.berth.activities.session.PermitProperties;
import dev.berth.activities.workspace.WorkspaceProperties;
import dev.berth.db.DatabaseAddress;
import dev.berth.objects.ObjectStorage;
import dev.berth.protocol.Secret;
import dev.berth.protocol.bridge.StartWait;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.unit.DataSize;

/** What the environment of a worker may say, and what is meant where it says nothing. */
class WorkerSettingsTest {
  /** What has no default. */
  private static final Map<String, String> NEEDED =
      Map.of(
          "DATABASE_URL", "jdbc:postgresql://db/berth",
          "DATABASE_PASSWORD", "p",
          "INTERNAL_CREDENTIAL", "i",
          "S3_ACCESS_KEY", "ak",
          "S3_SECRET_KEY", "sk",
          "SNAPSHOT_KEY", "snap",
          "BERTH_INSTALLATION", "here",
          "SANDBOX_IMAGE", "image:1",
          "SANDBOX_DIRECTORY", "/srv/b",
          "SANDBOX_SOCKET_DIRECTORY", "/run/b");

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties({
    HostProperties.class,
    SandboxProperties.class,
    GatewayProperties.class,
    PermitProperties.class,
    ToolJournalProperties.class,
    WatchdogProperties.class,
    WorkspaceProperties.class,
    RetentionProperties.class
  })
  static class Settings {}

  @Test
  void hasTheseDefaults() {
    try (var settings = settings(NEEDED, Map.of())) {
      assertThat(settings.getEnvironment().getProperty("server.address")).isEqualTo("127.0.0.1");
      assertThat(settings.getEnvironment().getProperty("server.port")).isEqualTo("7401");
      assertThat(settings.getEnvironment().getProperty("spring.temporal.connection.target"))
          .isEqualTo("127.0.0.1:7233");
      assertThat(settings.getEnvironment().getProperty("spring.temporal.namespace"))
          .isEqualTo("default");
      assertThat(settings.getEnvironment().getProperty("spring.temporal.workers[1].task-queue"))
          .isEqualTo("host-host-1");
      assertThat(settings.getBean(HostProperties.class))
          .isEqualTo(new HostProperties("host-1", URI.create("http://127.0.0.1:7401")));
      assertThat(settings.getBean(GatewayProperties.class))
          .isEqualTo(
              new GatewayProperties(List.of(URI.create("http://127.0.0.1:7400")), new Secret("i")));
      assertThat(settings.getBean(SandboxProperties.class))
          .isEqualTo(
              new SandboxProperties(
                  "here",
                  "image:1",
                  SandboxTier.STANDARD_2,
                  null,
                  URI.create("unix:///var/run/docker.sock"),
                  Path.of("/srv/b"),
                  Path.of("/run/b"),
                  Duration.ofSeconds(30),
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(30),
                  DataSize.ofMegabytes(256)));
      assertThat(settings.getBean(PermitProperties.class)).isEqualTo(new PermitProperties(100));
      assertThat(settings.getBean(WatchdogProperties.class))
          .isEqualTo(
              new WatchdogProperties(
                  Duration.ofMinutes(2),
                  Duration.ofSeconds(30),
                  Duration.ofMinutes(11),
                  Duration.ofHours(1)));
      assertThat(settings.getBean(ToolJournalProperties.class))
          .isEqualTo(new ToolJournalProperties(StartWait.ALL));
      assertThat(settings.getBean(WorkspaceProperties.class))
          .isEqualTo(
              new WorkspaceProperties(
                  true,
                  Path.of("restic"),
                  new Secret("snap"),
                  Duration.ofMinutes(10),
                  Duration.ofMinutes(10),
                  Duration.ofSeconds(1),
                  2,
                  Duration.ofSeconds(30),
                  5,
                  20,
                  10));
      assertThat(settings.getBean(RetentionProperties.class))
          .isEqualTo(
              new RetentionProperties(
                  Duration.ofDays(90), 1_000_000, Duration.ofHours(2), Duration.ofHours(1)));
      assertThat(bound(settings, "database", DatabaseAddress.class))
          .isEqualTo(
              new DatabaseAddress("jdbc:postgresql://db/berth", "berth", new Secret("p"), 16));
      assertThat(bound(settings, "objects", ObjectStorage.class))
          .isEqualTo(new ObjectStorage(null, "us-east-1", "berth", "ak", "sk"));
    }
  }

  @Test
  void takesFromTheEnvironmentWhatItSays() {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.put("API_URLS", "http://one:1,http://two:2");
    environment.put("BERTH_HOST_ID", "host-7");
    environment.put("WORKER_BIND", "0.0.0.0");
    environment.put("WORKER_PORT", "9");
    environment.put("S3_ENDPOINT", "http://s3");
    environment.put("S3_BUCKET", "b");
    environment.put("SANDBOX_TIER", "lite");
    environment.put("DOCKER_HOST", "tcp://docker:2375");
    environment.put("PERMITS", "3");

    try (var settings = settings(environment, Map.of())) {
      assertThat(settings.getBean(GatewayProperties.class).urls())
          .containsExactly(URI.create("http://one:1"), URI.create("http://two:2"));
      assertThat(settings.getBean(HostProperties.class))
          .isEqualTo(new HostProperties("host-7", URI.create("http://127.0.0.1:9")));
      assertThat(settings.getEnvironment().getProperty("server.address")).isEqualTo("0.0.0.0");
      assertThat(settings.getBean(PermitProperties.class).capacity()).isEqualTo(3);
      assertThat(bound(settings, "objects", ObjectStorage.class))
          .isEqualTo(new ObjectStorage(URI.create("http://s3"), "us-east-1", "b", "ak", "sk"));
      assertThat(settings.getBean(SandboxProperties.class).tier()).isEqualTo(SandboxTier.LITE);
      assertThat(settings.getBean(SandboxProperties.class).engine())
          .isEqualTo(URI.create("tcp://docker:2375"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 1_001})
  void refusesACapacityThatNoSemaphoreCanHaveAndNamesIt(int capacity) {
    assertThatThrownBy(() -> new PermitProperties(capacity))
        .hasMessage("permits.capacity: %d (expected: 1 to 1000)".formatted(capacity));
  }

  @ParameterizedTest
  @CsvSource({
    "lite, LITE",
    "basic, BASIC",
    "standard-1, STANDARD_1",
    "standard-2, STANDARD_2",
    "standard-3, STANDARD_3",
    "standard-4, STANDARD_4",
  })
  void tiersAreWrittenAsTheirLabels(String written, SandboxTier tier) {
    try (var settings = settings(NEEDED, Map.of("sandbox.tier", written))) {
      assertThat(settings.getBean(SandboxProperties.class).tier()).isEqualTo(tier);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "DATABASE_URL",
        "DATABASE_PASSWORD",
        "INTERNAL_CREDENTIAL",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
        "SNAPSHOT_KEY",
        "BERTH_INSTALLATION",
        "SANDBOX_IMAGE",
        "SANDBOX_DIRECTORY",
        "SANDBOX_SOCKET_DIRECTORY"
      })
  void doesNotStartWithoutWhatHasNoDefaultAndNamesIt(String name) {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.remove(name);
    assertThatThrownBy(() -> WorkerApplication.requireSet(environment(environment, Map.of())))
        .hasMessageContaining("'" + name + "'");

    environment.put(name, "");
    assertThatThrownBy(() -> WorkerApplication.requireSet(environment(environment, Map.of())))
        .hasMessageEndingWith(": \"\" (expected: a value)");
  }

  @Test
  void startsWithWhatIsNeeded() {
    WorkerApplication.requireSet(environment(NEEDED, Map.of()));
  }

  @Test
  void needsNoKeyOfSnapshotsWhereNoneAreTaken() {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.remove("SNAPSHOT_KEY");
    environment.put("WORKSPACE_SNAPSHOTS", "false");
    WorkerApplication.requireSet(environment(environment, Map.of()));
  }

  @ParameterizedTest
  @CsvSource({
    "sandbox.tier, standard-9",
    "sandbox.start-timeout, soon",
    "sandbox.start-timeout, PT0S",
    "sandbox.silence, PT-1S",
    "sandbox.disk-floor, plenty",
    "watchdog.tool, PT25H",
    "watchdog.stream-idle, never",
  })
  void doesNotStartWithAValueThatCannotBeAndNamesIt(String property, String value) {
    assertThatThrownBy(() -> settings(NEEDED, Map.of(property, value)))
        .hasStackTraceContaining(property)
        .hasStackTraceContaining(value);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sandbox.teir", "host.name", "gateway.url", "watchdog.tools"})
  void doesNotStartWithASettingThatItDoesNotKnow(String property) {
    assertThatThrownBy(() -> settings(NEEDED, Map.of(property, "x")))
        .hasStackTraceContaining(property);
  }

  @Test
  void noSettingShowsASecret() {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.put("S3_SECRET_KEY", "s3-very-secret");
    environment.put("INTERNAL_CREDENTIAL", "in-very-secret");

    try (var settings = settings(environment, Map.of())) {
      assertThat(
              settings.getBean(GatewayProperties.class).toString()
                  + bound(settings, "objects", ObjectStorage.class))
          .doesNotContain("very-secret");
    }
  }

  @Test
  void theReadmeHasTheVariablesThatAreReadAndNoOthers() {
    assertThat(documented(Set.of("worker", "both")))
        .isEqualTo(variables(text(Path.of("src/main/resources/berth-worker.yml"))));
  }

  private static <T> T bound(
      AnnotationConfigApplicationContext settings, String prefix, Class<T> type) {
    return Binder.get(settings.getEnvironment()).bind(prefix, type).get();
  }

  /** The first two columns of the table of settings: names, and the part that reads them. */
  private static Set<String> documented(Set<String> parts) {
    var row = Pattern.compile("(?m)^\\| ([^|]*`[^|]*) \\| (api|worker|both) \\|");
    var names = new TreeSet<String>();
    row.matcher(text(Path.of("../README.md")))
        .results()
        .filter(found -> parts.contains(found.group(2)))
        .forEach(found ->
            Pattern.compile("`([A-Z0-9_]+)`")
                .matcher(found.group(1))
                .results()
                .forEach(name -> names.add(name.group(1))));
    return names;
  }

  private static Set<String> variables(String yaml) {
    var names = new TreeSet<String>();
    Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)")
        .matcher(yaml)
        .results()
        .forEach(name -> names.add(name.group(1)));
    return names;
  }

  private static StandardEnvironment environment(
      Map<String, ?> environment, Map<String, Object> above) {
    var nothing = new StandardEnvironment();
    var sources = nothing.getPropertySources();
    sources.remove(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
    sources.replace(
        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
        new SystemEnvironmentPropertySource(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, Map.copyOf(environment)));
    sources.addFirst(new MapPropertySource("above", above));
    try {
      new YamlPropertySourceLoader()
          .load("berth-worker", new ClassPathResource("berth-worker.yml"))
          .forEach(sources::addLast);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return nothing;
  }

  private static AnnotationConfigApplicationContext settings(
      Map<String, ?> environment, Map<String, Object> above) {
    var context = new AnnotationConfigApplicationContext();
    context.setEnvironment(environment(environment, above));
    context.register(Settings.class);
    try {
      context.refresh();
      return context;
    } catch (RuntimeException refused) {
      context.close();
      throw refused;
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
