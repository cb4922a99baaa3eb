package dev.berth.activities.sandbox;

import dev.berth.protocol.event.SandboxEndReason;

/** What the runtime says of a sandbox. */
public sealed interface SandboxInspection {
  record Running() implements SandboxInspection {}

  /** It ran, and does no more. */
  record Ended(SandboxEndReason reason, String detail) implements SandboxInspection {}

  record Missing() implements SandboxInspection {}
}
