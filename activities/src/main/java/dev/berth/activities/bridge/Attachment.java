package dev.berth.activities.bridge;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;

/** A worker's hold on the bridge of a session's sandbox. */
public record Attachment(
    ProjectId project, SessionId session, SandboxId sandbox, int epoch, int number) {}
