package dev.berth.standalone.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.berth.standalone.platform.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;

/**
 * Mints an end-user token, as a developer's own server would.
 *
 * @param aiMicrodollars what the user may spend on models in a window
 * @param computeSeconds how long the user's sandboxes may run in a window
 * @param window {@code hour}, {@code day}, {@code week}, {@code month} or {@code lifetime}
 */
public record EndUserToken(
    String user, long aiMicrodollars, long computeSeconds, String window, Duration life) {
  /** Enough for trying things out: 10 dollars and 10 hours a day, for a day. */
  public static EndUserToken of(String user) {
    return new EndUserToken(user, 10_000_000, 36_000, "day", Duration.ofDays(1));
  }

  public String mint(Connection connection) {
    var now = Instant.now();
    var claims =
        new JWTClaimsSet.Builder()
            .subject(user)
            .issuer(connection.projectId())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(life)))
            .claim(
                "budget",
                Map.of(
                    "ai", aiMicrodollars,
                    "compute", computeSeconds,
                    "window", window,
                    "windowStart", now.toString()))
            .build();
    try {
      var jwt =
          new SignedJWT(
              new JWSHeader.Builder(JWSAlgorithm.HS256).type(JOSEObjectType.JWT).build(), claims);
      jwt.sign(new MACSigner(connection.hmacKey().getBytes(UTF_8)));
      return jwt.serialize();
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
