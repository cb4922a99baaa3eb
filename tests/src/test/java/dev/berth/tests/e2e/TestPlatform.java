package dev.berth.tests.e2e;

import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.platform.BerthHome;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.Platform;
import dev.berth.standalone.platform.PlatformOptions;
import dev.berth.standalone.platform.PlatformOptions.Part;
import dev.berth.standalone.platform.RunningPlatform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Assumptions;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A platform of its own for tests, in this JVM, on free ports, with the practice model. What it
 * needs (binaries, image) {@code ./berth test} has made; started in another way, tests abort and
 * say so.
 */
public final class TestPlatform implements AutoCloseable {
  private final BerthHome home;
  private final Platform platform;

  private TestPlatform(BerthHome home, Platform platform) {
    this.home = home;
    this.platform = platform;
  }

  /** The platform of all tests that need nothing special; it ends with the JVM. */
  static TestPlatform shared() {
    return Shared.PLATFORM;
  }

  private static final class Shared {
    static final TestPlatform PLATFORM = start("shared");

    static {
      Runtime.getRuntime().addShutdownHook(new Thread(PLATFORM::close));
    }
  }

  /** Starts a platform with an empty home. */
  static TestPlatform start(String name) {
    return start(name, Map.of());
  }

  /**
   * Starts a platform with an empty home.
   *
   * @param settings of api and worker, by their Spring names
   */
  static TestPlatform start(String name, Map<String, String> settings) {
    var root = Path.of(required("berth.test-home")).resolve(name);
    delete(root);
    return again(BerthHome.at(root, Path.of(required("berth.cache"))), settings);
  }

  /** Starts a platform in the home of one that was closed. */
  static TestPlatform again(BerthHome home, Map<String, String> settings) {
    var options = new PlatformOptions(freePorts(), 0, 0, required("berth.sandbox-image"), settings);
    return new TestPlatform(home, Platform.start(home, options, Map.of()));
  }

  /** Starts a platform of separate processes. */
  static TestPlatform split(String name, int apis, int workers) {
    return split(name, apis, workers, Map.of());
  }

  /**
   * Starts a platform of separate processes.
   *
   * @param settings of api and worker, by their Spring names
   */
  static TestPlatform split(String name, int apis, int workers, Map<String, String> settings) {
    var root = Path.of(required("berth.test-home")).resolve(name);
    delete(root);
    var home = BerthHome.at(root, Path.of(required("berth.cache")));
    var options =
        new PlatformOptions(freePorts(), apis, workers, required("berth.sandbox-image"), settings);
    return new TestPlatform(home, Platform.start(home, options, Map.of()));
  }

  BerthHome home() {
    return home;
  }

  Platform platform() {
    return platform;
  }

  Connection connection() {
    return platform.connection();
  }

  String token(String user) {
    return EndUserToken.of(user).mint(connection());
  }

  TestSocket socket(String user) {
    return TestSocket.open(connection().wsUrl() + "?token=" + token(user));
  }

  /** How many events of a session fulfil a condition in SQL. */
  int events(String condition, String session) {
    return database()
        .fetchSingle(
            "select count(*) as n from events where session_id = ?::uuid and " + condition, session)
        .get("n", int.class);
  }

  /** What the next sandbox of a session begins with, as it lies in object storage. */
  Path transcript(String session) {
    return home.data("s3").resolve("berth/transcripts/" + connection().projectId() + "/" + session);
  }

  /**
   * Waits until a session's transcript has a text. The agent writes what it did a moment after it
   * did it; a sandbox that is killed in that moment takes it along.
   */
  void awaitInTranscript(String session, String text) {
    Machine.eventually(
        "in the transcript: " + text,
        Duration.ofSeconds(60),
        // That the text is not there, or no transcript yet, is no failure.
        () ->
            !Machine.run(
                    "sh",
                    "-c",
                    "grep -rlsF -- \"$1\" \"$2\" || true",
                    "grep",
                    text,
                    transcript(session).toString())
                .isEmpty());
  }

  /** Waits until the transcript has the call that was started last. */
  void awaitCallInTranscript(String session) {
    var call =
        database()
            .fetchSingle(
                """
                select payload ->> 'tool_use_id' as call from events
                where session_id = ?::uuid and type = 'tool.started' order by seq desc limit 1
                """,
                session)
            .get("call", String.class);
    awaitInTranscript(session, call);
  }

  /** The platform's database; what is read is what clients would be told. */
  DSLContext database() {
    var url = URI.create(connection().databaseUrl());
    var credentials = url.getUserInfo().split(":", 2);
    var database = new PGSimpleDataSource();
    database.setUrl(
        "jdbc:postgresql://%s:%d%s".formatted(url.getHost(), url.getPort(), url.getPath()));
    database.setUser(credentials[0]);
    database.setPassword(credentials[1]);
    // A connection for each statement: tests that wait ask often.
    return DSL.using(database, SQLDialect.POSTGRES);
  }

  /** Stops the only worker of a platform of separate processes, for a while. */
  void stopWorkerFor(Duration outage) throws InterruptedException {
    var worker = String.valueOf(Objects.requireNonNull(platform.processes().get("worker-1")));
    Machine.run("kill", "-STOP", worker);
    try {
      Thread.sleep(outage);
    } finally {
      Machine.run("kill", "-CONT", worker);
    }
  }

  /** Ends the platform and leaves its data for {@link #again}; its sandboxes go, as with down. */
  void stop() {
    platform.close();
    RunningPlatform.removeLeftovers(home);
  }

  @Override
  public void close() {
    stop();
  }

  private static Map<Part, Integer> freePorts() {
    return Arrays.stream(Part.values()).collect(Collectors.toMap(part -> part, part -> 0));
  }

  private static String required(String property) {
    var value = System.getProperty(property);
    Assumptions.assumeTrue(
        value != null, () -> property + " is not set: end-to-end tests run by ./berth test");
    return Objects.requireNonNull(value);
  }

  private static void delete(Path folder) {
    if (!Files.exists(folder)) {
      return;
    }
    try {
      new ProcessBuilder("rm", "-rf", folder.toString()).inheritIO().start().waitFor();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
