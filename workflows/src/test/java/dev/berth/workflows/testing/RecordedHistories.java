package dev.berth.workflows.testing;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.ByteString;
import io.temporal.api.history.v1.HistoryEvent;
import io.temporal.client.WorkflowClient;
import io.temporal.common.WorkflowExecutionHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Histories of workflows as files, for the replay tests. */
public final class RecordedHistories {
  private static final String VERSION = "Version";

  private RecordedHistories() {}

  /** Writes one; who worked on it, and on which machine, does not belong to it. */
  public static void save(Path folder, String name, WorkflowExecutionHistory history) {
    try {
      var scrubbed = history.toJson(true).replaceAll("(\"identity\": \")[^\"]*", "$1recorder");
      Files.createDirectories(folder);
      Files.writeString(folder.resolve(name + ".json"), scrubbed + "\n");
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /**
   * Writes each run of a workflow that recorded a version marker of which no history in the folder
   * has one.
   */
  public static void saveNewMarkers(Path folder, WorkflowClient client, String workflowId) {
    var run = client.fetchHistory(workflowId);
    while (true) {
      for (var marker : markers(run)) {
        if (!isRecorded(folder, marker)) {
          save(folder, "marker-" + marker, run);
        }
      }
      var before =
          run.getEvents()
              .getFirst()
              .getWorkflowExecutionStartedEventAttributes()
              .getContinuedExecutionRunId();
      if (before.isEmpty()) {
        return;
      }
      run = client.fetchHistory(workflowId, before);
    }
  }

  private static boolean isRecorded(Path folder, String marker) {
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        if (markers(WorkflowExecutionHistory.fromJson(Files.readString(file))).contains(marker)) {
          return true;
        }
      }
      return false;
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** The change ids of the version markers that a history has. */
  public static List<String> markers(WorkflowExecutionHistory history) {
    var markers = new ArrayList<String>();
    for (var event : history.getEvents()) {
      var marker = marker(event);
      if (!marker.isEmpty()) {
        markers.add(marker);
      }
    }
    return markers;
  }

  private static String marker(HistoryEvent event) {
    var attributes = event.getMarkerRecordedEventAttributes();
    if (!attributes.getMarkerName().equals(VERSION)) {
      return "";
    }
    ByteString quoted =
        requireNonNull(attributes.getDetailsMap().get("changeId")).getPayloads(0).getData();
    return quoted.toStringUtf8().replace("\"", "");
  }
}
