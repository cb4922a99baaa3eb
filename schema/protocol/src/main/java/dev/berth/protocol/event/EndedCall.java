package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * A tool call that ran to its end.
 *
 * @param toolUseId the Messages API id of the call
 * @param name of the tool
 */
public record EndedCall(@JsonProperty("tool_use_id") String toolUseId, String name) {
  public EndedCall {
    requireNonNull(toolUseId, "toolUseId");
    requireNonNull(name, "name");
  }
}
