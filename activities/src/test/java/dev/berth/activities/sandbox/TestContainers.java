package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The containers of this installation and host, in memory. */
public final class TestContainers implements SandboxRuntime {
  final Map<SandboxId, SandboxInspection> all = Collections.synchronizedMap(new LinkedHashMap<>());

  public void put(SandboxId sandbox, SandboxInspection state) {
    all.put(sandbox, state);
  }

  @Override
  public void start(SandboxSpec spec) {
    all.put(spec.id(), new SandboxInspection.Running());
  }

  @Override
  public void claim(SandboxId sandbox, SessionId session) {}

  @Override
  public SandboxInspection inspect(SandboxId sandbox) {
    return all.getOrDefault(sandbox, new SandboxInspection.Missing());
  }

  @Override
  public String logTail(SandboxId sandbox) {
    return "";
  }

  @Override
  public void remove(SandboxId sandbox) {
    all.remove(sandbox);
  }

  @Override
  public List<SandboxId> list() {
    return List.copyOf(all.keySet());
  }
}
