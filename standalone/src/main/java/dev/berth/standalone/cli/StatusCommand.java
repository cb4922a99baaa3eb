package dev.berth.standalone.cli;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.setup.Project;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** {@code berth status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Says whether the platform runs, and where.")
final class StatusCommand implements Callable<Integer> {
  private static final Duration ANSWER = Duration.ofSeconds(5);

  @Override
  public Integer call() throws InterruptedException {
    var project = Project.ofEnvironment();
    var connection = Connection.of(project.home());
    if (connection == null) {
      System.out.println("Not running in " + project.home().root() + ". Start it: ./berth up");
      return ExitCode.UNREACHABLE;
    }
    System.out.println("Running (pid %d).".formatted(connection.pid()));
    System.out.println("  api          " + connection.apiUrl());
    System.out.println("  socket       " + connection.wsUrl());
    System.out.println("  Temporal     " + connection.temporalAddress());
    System.out.println("  Temporal UI  " + connection.temporalUiUrl());
    connection.metricsUrls().forEach(url -> System.out.println("  metrics      " + url));
    System.out.println("  project      " + connection.projectId());
    System.out.println("  for programs " + project.home().connection());
    var ready = ready(connection);
    if (connection.developmentTemporal()) {
      System.out.println(DevelopmentTemporalNote.TEXT);
    }
    if (connection.practiceModel()) {
      System.out.println(PracticeNote.TEXT);
    }
    return ready ? ExitCode.OK : ExitCode.UNREACHABLE;
  }

  private static boolean ready(Connection connection) throws InterruptedException {
    try (var client = HttpClient.newHttpClient()) {
      var answer =
          client.send(
              HttpRequest.newBuilder(URI.create(connection.apiUrl() + "/readyz"))
                  .timeout(ANSWER)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      var parts = ProtocolJson.mapper().readTree(answer.body()).path("parts");
      parts
          .properties()
          .forEach(part ->
              System.out.println(
                  "  %-12s %s".formatted(part.getKey(), part.getValue().asString("?"))));
      return answer.statusCode() == 200;
    } catch (IOException silent) {
      System.out.println("  ✘ the api does not answer: " + silent.getMessage());
      System.out.println("    Remedy: look at ./berth logs; ./berth down ends it.");
      return false;
    }
  }
}
