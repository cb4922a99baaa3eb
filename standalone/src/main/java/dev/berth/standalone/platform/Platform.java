package dev.berth.standalone.platform;

import dev.berth.activities.WorkerApplication;
import dev.berth.api.ApiApplication;
import dev.berth.api.PrepareDatabase;
import dev.berth.api.PrepareDatabase.FirstProject;
import dev.berth.db.DatabaseAddress;
import dev.berth.practicemodel.PracticeModel;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.Secret;
import dev.berth.standalone.platform.PlatformOptions.Part;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.logging.LoggingSystem;

/**
 * A whole platform on this machine: PostgreSQL, S3, Temporal with its UI, api and worker, and the
 * practice model where no provider is named. Parts are started as soon as what they need is there,
 * and closed in the opposite order.
 */
public final class Platform implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Platform.class);

  private static final int DATABASE_CONNECTIONS = 16;

  private final PlatformLock lock;
  private final Connection connection;
  private final BerthHome home;
  private final List<String> parts;
  private final Deque<AutoCloseable> started;

  private Platform(
      PlatformLock lock,
      BerthHome home,
      Connection connection,
      List<String> parts,
      Deque<AutoCloseable> started) {
    this.lock = lock;
    this.home = home;
    this.connection = connection;
    this.parts = List.copyOf(parts);
    this.started = started;
  }

  /**
   * Starts a platform.
   *
   * @param environment names a provider, and parts that run elsewhere ({@code TEMPORAL_ADDRESS})
   * @throws StartFailure with a remedy
   */
  public static Platform start(
      BerthHome home, PlatformOptions options, Map<String, String> environment) {
    var lock = PlatformLock.take(home);
    if (lock == null) {
      var running = Connection.of(home);
      throw new StartFailure(
          "A platform runs in %s already%s."
              .formatted(
                  home.root(),
                  running == null
                      ? ""
                      : " (pid %d, %s)".formatted(running.pid(), running.apiUrl())),
          "Use it, end it with ./berth down, or set BERTH_HOME to another folder.");
    }
    var starter = new Starter(home, options, environment);
    try {
      var connection = starter.start();
      connection.write(home);
      return new Platform(lock, home, connection, starter.parts, starter.started);
    } catch (RuntimeException failed) {
      close(starter.started);
      lock.close();
      throw failed instanceof CompletionException wrapped
              && wrapped.getCause() instanceof RuntimeException cause
          ? cause
          : failed;
    }
  }

  public Connection connection() {
    return connection;
  }

  /** What runs where, a line a part. */
  public List<String> parts() {
    return parts;
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(home.connection());
    } catch (IOException failed) {
      LOG.warn("cannot delete {}", home.connection(), failed);
    }
    close(started);
    lock.close();
  }

  private static void close(Deque<AutoCloseable> started) {
    while (!started.isEmpty()) {
      var part = started.pop();
      try {
        part.close();
      } catch (Exception failed) {
        LOG.warn("closing {}", part, failed);
      }
    }
  }

  /** One start. */
  private static final class Starter {
    private final BerthHome home;
    private final PlatformOptions options;
    private final Map<String, String> environment;
    private final Secrets secrets;
    private final Ports ports;
    private final List<String> parts = new ArrayList<>();
    private final Deque<AutoCloseable> started = new ArrayDeque<>();

    Starter(BerthHome home, PlatformOptions options, Map<String, String> environment) {
      this.home = home;
      this.options = options;
      this.environment = environment;
      this.secrets = Secrets.of(home);
      this.ports = new Ports(options);
    }

    Connection start() {
      RunningPlatform.endLeftovers(home);
      var postgresPort = ports.of(Part.POSTGRES);
      var s3Port = ports.of(Part.S3);
      var provider = provider();
      var s3 = CompletableFuture.runAsync(() -> s3(s3Port));
      var postgres = add(() -> PostgresServer.start(home, postgresPort));
      parts.add("PostgreSQL       127.0.0.1:" + postgres.port());
      postgres.provide("berth", secrets.databasePassword(), List.of("berth"));
      var database =
          postgres.address("berth", "berth", secrets.databasePassword(), DATABASE_CONNECTIONS);
      var temporal = CompletableFuture.supplyAsync(() -> temporal(postgres));
      PrepareDatabase.apply(
          database,
          new FirstProject(
              new ProjectId(secrets.projectId()),
              new Secret(secrets.hmacKey()),
              new Secret(secrets.accountKey())));
      s3.join();
      var address = temporal.join();
      var settings =
          new PlatformSettings(
              home,
              options,
              secrets,
              database,
              S3Server.endpoint(s3Port),
              address.frontend(),
              provider);
      return options.isSplit() ? split(settings, address) : embedded(settings, address);
    }

    private record TemporalAddress(String frontend, String ui, boolean development) {}

    private Provider provider() {
      var named = Provider.of(environment);
      if (named != null) {
        parts.add("model            " + named.url());
        return named;
      }
      var port = ports.of(Part.PRACTICE_MODEL);
      if (options.isSplit()) {
        add(() ->
            ChildProcess.start(
                home,
                "practice-model",
                JavaProcess.command(
                    "dev.berth.practicemodel.PracticeModelMain", "--port", "" + port),
                Map.of()));
      } else {
        add(() -> PracticeModel.start("127.0.0.1", port));
      }
      parts.add("practice model   http://127.0.0.1:%d (no ANTHROPIC_API_KEY)".formatted(port));
      return Provider.practice(port);
    }

    private void s3(int port) {
      if (options.isSplit()) {
        add(() ->
            ChildProcess.start(
                home,
                "s3",
                JavaProcess.command(
                    S3Server.class.getName(), home.data("s3").toString(), "" + port),
                Map.of(
                    "S3_ACCESS_KEY", secrets.s3AccessKey(),
                    "S3_SECRET_KEY", secrets.s3SecretKey())));
      } else {
        add(() ->
            S3Server.start(home.data("s3"), port, secrets.s3AccessKey(), secrets.s3SecretKey()));
      }
      note("S3               " + S3Server.endpoint(port));
    }

    private TemporalAddress temporal(PostgresServer postgres) {
      return switch (TemporalSource.of(home, environment)) {
        case TemporalSource.Elsewhere(var address, var uiUrl) -> {
          note("Temporal         %s (from TEMPORAL_ADDRESS)".formatted(address));
          yield new TemporalAddress(address, uiUrl, false);
        }
        case TemporalSource.Built() -> productionTemporal(postgres);
        case TemporalSource.ToBuild(_) -> productionTemporal(postgres);
        case TemporalSource.Development(_) -> developmentTemporal();
        case TemporalSource.Nowhere(var detail) ->
            throw new StartFailure(
                "There is no Temporal server (%s).".formatted(detail), TemporalSource.REMEDY);
      };
    }

    private TemporalAddress productionTemporal(PostgresServer postgres) {
      postgres.provide("temporal", secrets.temporalPassword(), ProductionTemporal.databases());
      var server =
          add(() ->
              ProductionTemporal.start(
                  home,
                  TemporalBinaries.in(home.cache().resolve("temporal")),
                  ports,
                  ports.of(Part.TEMPORAL),
                  ports.of(Part.TEMPORAL_UI),
                  postgres.port(),
                  secrets.temporalPassword()));
      server.awaitHealthy();
      note("Temporal         " + server.address());
      note("Temporal UI      " + server.uiUrl());
      return new TemporalAddress(server.address(), server.uiUrl(), false);
    }

    private TemporalAddress developmentTemporal() {
      var server =
          add(() ->
              DevelopmentTemporal.start(
                  home, ports, ports.of(Part.TEMPORAL), ports.of(Part.TEMPORAL_UI)));
      server.awaitHealthy();
      DevelopmentTemporal.confirm(home);
      note("Temporal         %s (development server)".formatted(server.address()));
      note("Temporal UI      " + server.uiUrl());
      return new TemporalAddress(server.address(), server.uiUrl(), true);
    }

    private synchronized void note(String part) {
      parts.add(part);
    }

    private Connection embedded(PlatformSettings settings, TemporalAddress temporal) {
      // The applications share the process and its one log. If each set it up, two that start at
      // once would break it for every later one.
      System.setProperty(LoggingSystem.SYSTEM_PROPERTY, LoggingSystem.NONE);
      var apiPort = ports.of(Part.API);
      var workerPort = ports.of(Part.WORKER);
      var api =
          CompletableFuture.supplyAsync(
              () -> add(() -> ApiApplication.start(properties(settings.api(apiPort)))));
      add(() ->
          WorkerApplication.start(
              properties(settings.worker("host-1", workerPort, List.of(apiPort)))));
      api.join();
      parts.add("api              http://127.0.0.1:" + apiPort);
      parts.add("worker           host-1, http://127.0.0.1:" + workerPort);
      return connection(settings, temporal, apiPort, List.of(workerPort));
    }

    private Connection split(PlatformSettings settings, TemporalAddress temporal) {
      var apiPorts = new ArrayList<Integer>();
      for (var index = 0; index < Math.max(1, options.apis()); index++) {
        apiPorts.add(index == 0 ? ports.of(Part.API) : ports.free());
      }
      for (var index = 0; index < apiPorts.size(); index++) {
        var name = "api-" + (index + 1);
        var port = apiPorts.get(index);
        child(name, ApiApplication.class, settings.api(port));
        parts.add("%-16s http://127.0.0.1:%d".formatted(name, port));
      }
      var workerPorts = new ArrayList<Integer>();
      for (var index = 1; index <= Math.max(1, options.workers()); index++) {
        var host = "host-" + index;
        var port = index == 1 ? ports.of(Part.WORKER) : ports.free();
        child("worker-" + index, WorkerApplication.class, settings.worker(host, port, apiPorts));
        parts.add("%-16s %s, http://127.0.0.1:%d".formatted("worker-" + index, host, port));
        workerPorts.add(port);
      }
      Readiness.await(Stream.concat(apiPorts.stream(), workerPorts.stream()).toList());
      return connection(settings, temporal, apiPorts.getFirst(), workerPorts);
    }

    private void child(String name, Class<?> main, Map<String, String> settings) {
      add(() -> ChildProcess.start(home, name, JavaProcess.command(main.getName()), settings));
    }

    private Connection connection(
        PlatformSettings settings,
        TemporalAddress temporal,
        int apiPort,
        List<Integer> workerPorts) {
      return new Connection(
          "http://127.0.0.1:" + apiPort,
          "ws://127.0.0.1:%d/ws".formatted(apiPort),
          temporal.frontend(),
          temporal.ui(),
          secrets.projectId(),
          secrets.hmacKey(),
          secrets.accountKey(),
          url(settings.database()),
          settings.s3().toString(),
          PlatformSettings.BUCKET,
          ProcessHandle.current().pid(),
          settings.provider().practice(),
          temporal.development(),
          workerPorts.stream().map(port -> "http://127.0.0.1:" + port).toList());
    }

    private static String url(DatabaseAddress database) {
      var uri = URI.create(database.url().substring("jdbc:".length()));
      return "postgresql://%s:%s@%s:%d%s"
          .formatted(
              database.user(),
              database.password().value(),
              uri.getHost(),
              uri.getPort(),
              uri.getPath());
    }

    private static Map<String, Object> properties(Map<String, String> settings) {
      return new HashMap<>(settings);
    }

    private <T extends AutoCloseable> T add(Supplier<T> start) {
      var part = start.get();
      synchronized (this) {
        started.push(part);
      }
      return part;
    }
  }

  /**
   * Kills a process of a split platform, which is not started again: its machine is lost. For
   * tests.
   */
  public void lose(String process) {
    started.stream()
        .filter(ChildProcess.class::isInstance)
        .map(ChildProcess.class::cast)
        .filter(child -> child.name().equals(process))
        .forEach(ChildProcess::lose);
  }

  /** The processes of a split platform by name, for tests that end them. */
  public Map<String, @Nullable Long> processes() {
    var processes = new HashMap<String, @Nullable Long>();
    for (var part : started) {
      switch (part) {
        case ChildProcess child -> processes.put(child.name(), child.pid());
        case TemporalServer temporal ->
            temporal.processes().forEach(child -> processes.put(child.name(), child.pid()));
        default -> {}
      }
    }
    return processes;
  }
}
