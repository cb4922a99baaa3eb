package dev.berth.api.session;

import dev.berth.protocol.bridge.AgentOptions;
import dev.berth.protocol.event.SessionEvent.OptionsClamped;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options under which a session runs, and how they differ from what was asked for.
 *
 * @param allowedModels the only models that the session may ask; null for all
 */
record EffectiveOptions(
    AgentOptions agent, @Nullable List<String> allowedModels, List<OptionsClamped> clamped) {
  EffectiveOptions {
    clamped = List.copyOf(clamped);
  }

  boolean hasClientTools() {
    return agent.clientServers().stream().anyMatch(server -> !server.tools().isEmpty());
  }
}
