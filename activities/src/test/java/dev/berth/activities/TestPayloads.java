package dev.berth.activities;

import dev.berth.workflows.TemporalPayloads;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.testing.TestEnvironmentOptions;

/** Temporal's test environments, with payloads as the platform writes them. */
public final class TestPayloads {
  private TestPayloads() {}

  public static TestEnvironmentOptions options() {
    return TestEnvironmentOptions.newBuilder()
        .setWorkflowClientOptions(
            WorkflowClientOptions.newBuilder()
                .setDataConverter(TemporalPayloads.converter())
                .build())
        .build();
  }
}
