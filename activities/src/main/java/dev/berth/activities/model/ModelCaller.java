package dev.berth.activities.model;

import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import org.jspecify.annotations.Nullable;

/** The sandbox behind a door: in whose name a model request is made. */
public interface ModelCaller {
  SandboxId sandbox();

  SessionId session();

  int epoch();

  /** The turn that runs, if one does. */
  @Nullable TurnId turn();
}
