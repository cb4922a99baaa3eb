package dev.berth.standalone.setup;

import dev.berth.standalone.platform.Connection;
import dev.berth.standalone.platform.Shell;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks at everything that Berth stands on, and says what to do about what is wrong. */
public final class Doctor {
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final Project project;
  private final Map<String, String> environment;

  public Doctor(Project project, Map<String, String> environment) {
    this.project = project;
    this.environment = environment;
  }

  public List<Finding> examine() {
    var findings = new ArrayList<>(new Prerequisites(project, environment).look());
    findings.add(engine());
    findings.add(image());
    findings.add(quota());
    findings.add(model());
    findings.add(platform());
    return findings;
  }

  private Finding engine() {
    var engine = new DockerEngine(project);
    var version = engine.version();
    if (version == null) {
      return new Finding.Missing(
          "Docker engine",
          "does not answer",
          "./berth up installs and starts one on Debian; elsewhere start it yourself");
    }
    return engine.hasLiveRestore()
        ? new Finding.Good("Docker engine", version + ", live-restore on")
        : new Finding.Poor(
            "Docker engine",
            version + ", live-restore off: its restart ends every sandbox",
            "set \"live-restore\": true in /etc/docker/daemon.json and reload the engine");
  }

  private Finding image() {
    var named = environment.get("SANDBOX_IMAGE");
    var tag =
        named != null && !named.isBlank()
            ? named
            : Shell.firstLine(project.root().resolve("bridge-container/image").toString(), "--tag");
    return tag != null
            && Shell.firstLine("docker", "image", "inspect", "-f", "{{.Id}}", tag) != null
        ? new Finding.Good("sandbox image", tag)
        : new Finding.Poor("sandbox image", tag + " is not there", "./berth up builds it");
  }

  /** No file system here has project quotas that Berth sets; the worker watches instead. */
  private static Finding quota() {
    return new Finding.Good(
        "disk limits", "by a watchdog in the worker (the file system's quotas are not used)");
  }

  private Finding model() {
    var key = environment.get("ANTHROPIC_API_KEY");
    return key == null || key.isBlank()
        ? new Finding.Poor(
            "model",
            "no ANTHROPIC_API_KEY: the practice model answers",
            "export ANTHROPIC_API_KEY=… before ./berth up")
        : new Finding.Good(
            "model", environment.getOrDefault("ANTHROPIC_BASE_URL", "https://api.anthropic.com"));
  }

  private Finding platform() {
    var connection = Connection.of(project.home());
    if (connection == null) {
      return new Finding.Poor("platform", "not running", "./berth up");
    }
    try (var client = HttpClient.newHttpClient()) {
      var answer =
          client.send(
              HttpRequest.newBuilder(URI.create(connection.apiUrl() + "/readyz"))
                  .timeout(ANSWER)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200
          ? new Finding.Good("platform", "ready at " + connection.apiUrl())
          : new Finding.Missing(
              "platform", answer.body(), "look at ./berth logs; ./berth down and up start it anew");
    } catch (IOException silent) {
      return new Finding.Missing(
          "platform",
          "pid %d does not answer at %s".formatted(connection.pid(), connection.apiUrl()),
          "look at ./berth logs; ./berth down ends it");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return new Finding.Missing("platform", "interrupted", "try again");
    }
  }
}
