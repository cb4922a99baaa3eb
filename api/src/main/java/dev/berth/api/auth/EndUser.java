package dev.berth.api.auth;

import dev.berth.protocol.EndUserId;
import dev.berth.protocol.ProjectId;

/**
 * An end user whose token was verified.
 *
 * @param accountId the developer to whom the project belongs
 */
public record EndUser(ProjectId project, String accountId, EndUserId id) {}
