package dev.berth.standalone.platform;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How programs reach a running platform: {@code connection.json} in its home.
 *
 * @param pid the process that runs the platform
 * @param practiceModel whether the practice model answers, for want of a provider's key
 * @param developmentTemporal whether Temporal is its development server, for want of Go
 * @param workerUrls where the workers listen; absent in the file of an older platform
 */
public record Connection(
    String apiUrl,
    String wsUrl,
    String temporalAddress,
    String temporalUiUrl,
    String projectId,
    String hmacKey,
    String accountKey,
    String databaseUrl,
    String s3Endpoint,
    String s3Bucket,
    long pid,
    boolean practiceModel,
    boolean developmentTemporal,
    @Nullable List<String> workerUrls) {

  public Connection {
    workerUrls = workerUrls == null ? null : List.copyOf(workerUrls);
  }

  /** Where the workers tell what they measure, a page a worker. */
  public List<String> metricsUrls() {
    return workerUrls == null
        ? List.of()
        : workerUrls.stream().map(worker -> worker + "/metrics").toList();
  }

  /** The connection of the platform that runs in the home, or null when none runs. */
  public static @Nullable Connection of(BerthHome home) {
    var file = home.connection();
    if (!Files.exists(file)) {
      return null;
    }
    try {
      var connection = ProtocolJson.mapper().readValue(Files.readString(file), Connection.class);
      return ProcessHandle.of(connection.pid()).map(ProcessHandle::isAlive).orElse(false)
              && PlatformLock.isHeld(home)
          ? connection
          : null;
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot read " + file, failed);
    }
  }

  void write(BerthHome home) {
    BerthHome.writePrivate(
        home.connection(),
        ProtocolJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(this) + "\n");
  }

  /** The page of a session's workflow in Temporal's UI. */
  public String temporalUiOf(String sessionId) {
    return "%s/namespaces/default/workflows/session%%2F%s%%2F%s"
        .formatted(temporalUiUrl, projectId, sessionId);
  }

  @Override
  public String toString() {
    return "Connection[%s, pid %d]".formatted(apiUrl, pid);
  }
}
