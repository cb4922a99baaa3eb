package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Work that an agent does beside its turns: a command or a subagent in the background.
 *
 * @param taskId the Agent SDK's id of it
 * @param kind the Agent SDK's word for what it is, such as {@code local_bash} or {@code
 *     local_agent}
 * @param description what it does, in at most 200 characters
 */
public record BackgroundTask(
    @JsonProperty("task_id") String taskId, String kind, String description) {
  public BackgroundTask {
    requireNonNull(taskId, "taskId");
    requireNonNull(kind, "kind");
    requireNonNull(description, "description");
  }
}
