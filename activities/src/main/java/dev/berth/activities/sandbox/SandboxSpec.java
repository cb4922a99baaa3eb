package dev.berth.activities.sandbox;

import dev.berth.protocol.SandboxId;
import java.nio.file.Path;

/**
 * A sandbox that is to be started.
 *
 * @param door directory of the host with the sockets; only the bridge may enter it
 * @param workspace directory of the host that the agent sees as {@code /workspace}
 * @param home directory of the host that is the agent's home
 * @param spool directory of the host for what the bridge cannot deliver; only it may enter it
 */
public record SandboxSpec(
    SandboxId id,
    String image,
    SandboxTier tier,
    Path door,
    Path workspace,
    Path home,
    Path spool) {}
