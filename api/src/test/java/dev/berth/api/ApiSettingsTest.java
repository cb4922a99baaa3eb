package dev.berth.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.api.gateway.GatewayProperties;
import dev.berth.api.sending.SendingProperties;
import dev.berth.api.session.SessionProperties;
import dev.berth.api.socket.SocketProperties;
import dev.berth.db.DatabaseAddress;
import dev.berth.protocol.Secret;
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

/** What the environment of an api node may say, and what is meant where it says nothing. */
class ApiSettingsTest {
  /** What has no default. */
  private static final Map<String, String> NEEDED =
      Map.of(
          "DATABASE_URL", "jdbc:postgresql://db/berth",
          "DATABASE_PASSWORD", "p",
          "INTERNAL_CREDENTIAL", "i");

  @Configuration(proxyBeanMethods = false)
  @EnableConfigurationProperties({
    SessionProperties.class,
    SocketProperties.class,
    SendingProperties.class,
    GatewayProperties.class,
    TemporalProperties.class
  })
  static class Settings {}

  @Test
  void listensOnLoopbackUnlessToldOtherwise() {
    try (var settings = settings(NEEDED, Map.of())) {
      assertThat(settings.getEnvironment().getProperty("server.address")).isEqualTo("127.0.0.1");
      assertThat(settings.getEnvironment().getProperty("server.port")).isEqualTo("7400");
    }
  }

  @Test
  void hasTheseDefaults() {
    try (var settings = settings(NEEDED, Map.of())) {
      assertThat(settings.getBean(TemporalProperties.class))
          .isEqualTo(new TemporalProperties("127.0.0.1:7233", "default"));
      assertThat(settings.getBean(GatewayProperties.class))
          .isEqualTo(
              new GatewayProperties(
                  URI.create("https://api.anthropic.com"),
                  new Secret(""),
                  new Secret("i"),
                  Duration.ofMinutes(10),
                  DataSize.ofMegabytes(33),
                  Duration.ofMinutes(10),
                  false));
      assertThat(settings.getBean(SessionProperties.class))
          .isEqualTo(
              new SessionProperties(
                  "claude-sonnet-4-5-20250929",
                  "default",
                  List.of("default", "plan", "acceptEdits", "dontAsk", "bypassPermissions"),
                  Duration.ofMinutes(30),
                  Duration.ofSeconds(30),
                  Duration.ofMinutes(10),
                  Duration.ofMinutes(15),
                  Duration.ofHours(2),
                  Duration.ofMinutes(1)));
      assertThat(settings.getBean(SocketProperties.class))
          .isEqualTo(
              new SocketProperties(
                  DataSize.ofMegabytes(48),
                  DataSize.ofMegabytes(512),
                  Duration.ofSeconds(30),
                  Duration.ofSeconds(20),
                  Duration.ofSeconds(60),
                  Duration.ofSeconds(120)));
      assertThat(settings.getBean(SendingProperties.class))
          .isEqualTo(new SendingProperties(DataSize.ofMegabytes(48), DataSize.ofMegabytes(512)));
      assertThat(database(settings))
          .isEqualTo(
              new DatabaseAddress("jdbc:postgresql://db/berth", "berth", new Secret("p"), 16));
    }
  }

  @Test
  void takesFromTheEnvironmentWhatItSays() {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.put("ANTHROPIC_API_KEY", "sk");
    environment.put("ANTHROPIC_BASE_URL", "http://model:1");
    environment.put("PRACTICE_MODEL", "true");
    environment.put("TEMPORAL_ADDRESS", "temporal:7");
    environment.put("TEMPORAL_NAMESPACE", "n");
    environment.put("DATABASE_USER", "u");
    environment.put("API_BIND", "0.0.0.0");
    environment.put("API_PORT", "1");

    try (var settings = settings(environment, Map.of())) {
      var gateway = settings.getBean(GatewayProperties.class);
      assertThat(gateway.providerKey()).isEqualTo(new Secret("sk"));
      assertThat(gateway.providerUrl()).isEqualTo(URI.create("http://model:1"));
      assertThat(gateway.practice()).isTrue();
      assertThat(settings.getBean(TemporalProperties.class))
          .isEqualTo(new TemporalProperties("temporal:7", "n"));
      assertThat(database(settings).user()).isEqualTo("u");
      assertThat(settings.getEnvironment().getProperty("server.address")).isEqualTo("0.0.0.0");
      assertThat(settings.getEnvironment().getProperty("server.port")).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"DATABASE_URL", "DATABASE_PASSWORD", "INTERNAL_CREDENTIAL"})
  void doesNotStartWithoutWhatHasNoDefaultAndNamesIt(String name) {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.remove(name);
    assertThatThrownBy(() -> ApiApplication.requireSet(environment(environment, Map.of())))
        .hasMessageContaining("'" + name + "'");

    environment.put(name, " ");
    assertThatThrownBy(() -> ApiApplication.requireSet(environment(environment, Map.of())))
        .hasMessageEndingWith(": \"\" (expected: a value)");
  }

  @Test
  void aProcessDoesNotStartUnderAnInternalCredentialThatEverybodyKnows() {
    var settings =
        Map.<String, Object>of(
            "server.port", 0,
            "database.url", "jdbc:postgresql://127.0.0.1:1/none",
            "database.password", "p",
            "gateway.internal-credential", "${SURELY_NOT_SET_ANYWHERE}");

    assertThatThrownBy(() -> ApiApplication.start(settings).close())
        .hasMessageContaining("SURELY_NOT_SET_ANYWHERE");
  }

  @ParameterizedTest
  @CsvSource({
    "PRACTICE_MODEL, maybe, gateway.practice",
  })
  void doesNotStartWithAValueThatCannotBeAndNamesIt(String name, String value, String property) {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.put(name, value);

    assertThatThrownBy(() -> settings(environment, Map.of()))
        .hasStackTraceContaining(value)
        .hasStackTraceContaining(property);
  }

  @ParameterizedTest
  @CsvSource({
    "socket.ping, soon",
    "socket.max-frame, plenty",
    "sending.max-body, plenty",
    "session.idle, half an hour",
    "session.background, PT0S",
    "gateway.credential-life, short",
  })
  void doesNotStartWithATimeOrSizeThatIsNone(String property, String value) {
    assertThatThrownBy(() -> settings(NEEDED, Map.of(property, value)))
        .hasStackTraceContaining(value)
        .hasStackTraceContaining(property);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "socket.pong",
        "sending.max",
        "session.modell",
        "gateway.provider",
        "temporal.adress"
      })
  void doesNotStartWithASettingThatItDoesNotKnow(String property) {
    assertThatThrownBy(() -> settings(NEEDED, Map.of(property, "x")))
        .hasStackTraceContaining(property);
  }

  @Test
  void noSettingShowsASecret() {
    var environment = new LinkedHashMap<>(NEEDED);
    environment.put("ANTHROPIC_API_KEY", "sk-very-secret");
    environment.put("INTERNAL_CREDENTIAL", "in-very-secret");
    environment.put("DATABASE_PASSWORD", "db-very-secret");

    try (var settings = settings(environment, Map.of())) {
      assertThat(settings.getBean(GatewayProperties.class).toString() + database(settings))
          .doesNotContain("very-secret");
    }
  }

  @Test
  void theReadmeHasTheVariablesThatAreReadAndNoOthers() {
    assertThat(documented(Set.of("api", "both")))
        .isEqualTo(variables(text(Path.of("src/main/resources/berth-api.yml"))));
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

  private static DatabaseAddress database(AnnotationConfigApplicationContext settings) {
    return Binder.get(settings.getEnvironment()).bind("database", DatabaseAddress.class).get();
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
          .load("berth-api", new ClassPathResource("berth-api.yml"))
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
