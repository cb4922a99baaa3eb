package dev.berth.api.auth;

import static java.util.Objects.requireNonNull;

import java.time.Instant;

/** A token that is genuine and was valid when it was verified. */
public record VerifiedToken(EndUser user, Instant expires, TokenClaims claims) {
  public VerifiedToken {
    requireNonNull(user, "user");
    requireNonNull(expires, "expires");
    requireNonNull(claims, "claims");
  }

  public boolean isExpired(Instant now) {
    return !now.isBefore(expires);
  }
}
