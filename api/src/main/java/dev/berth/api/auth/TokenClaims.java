package dev.berth.api.auth;

import com.fasterxml.jackson.annotation.JsonAlias;
import dev.berth.protocol.client.SessionOptions;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The claims of an end-user token (client protocol, section 2), under all the names that published
 * clients give them.
 *
 * @param sub the end user
 * @param iss the project
 * @param exp expiry, seconds since the epoch
 * @param sdkConfig options that stand above those of the client
 */
public record TokenClaims(
    @Nullable String sub,
    @Nullable String iss,
    @Nullable Long exp,
    @Nullable Long iat,
    @Nullable Budget budget,
    @Nullable Permissions permissions,
    @Nullable SessionOptions sdkConfig) {

  /**
   * What the end user may use in a window.
   *
   * @param ai microdollars
   * @param compute seconds of sandbox time
   */
  public record Budget(
      @Nullable Long ai,
      @Nullable Long compute,
      @Nullable String window,
      @Nullable String windowStart) {}

  /** What the end user may do at most. */
  public record Permissions(
      @JsonAlias("allowedTools") @Nullable List<String> tools,
      @Nullable List<String> blockedTools,
      @JsonAlias("maxTurnsPerSession") @Nullable Integer maxTurns,
      @Nullable String model,
      @Nullable List<String> allowedModels) {

    /** The models to which the token is restricted; null when it is not. */
    public @Nullable List<String> models() {
      if (allowedModels != null && !allowedModels.isEmpty()) {
        return allowedModels;
      }
      return model == null ? null : List.of(model);
    }
  }
}
