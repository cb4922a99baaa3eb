package dev.berth.tests.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.berth.standalone.platform.Connection;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Tokens, good and bad. */
final class TestTokens {
  private TestTokens() {}

  /** A good token, changed. */
  static String changed(Connection connection, UnaryOperator<JWTClaimsSet.Builder> change) {
    return signed(connection.hmacKey(), change.apply(good(connection)).build());
  }

  static String signedWith(Connection connection, String key) {
    return signed(key, good(connection).build());
  }

  /** The same claims under {@code alg: none}. */
  static String unsigned(Connection connection) {
    return new PlainJWT(good(connection).build()).serialize();
  }

  static String withAlgorithm(Connection connection, JWSAlgorithm algorithm) {
    try {
      var jwt = new SignedJWT(new JWSHeader(algorithm), good(connection).build());
      jwt.sign(new MACSigner(connection.hmacKey().repeat(3).getBytes(UTF_8)));
      return jwt.serialize();
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  static String expiring(Connection connection, Duration in) {
    return changed(connection, claims -> claims.expirationTime(Date.from(Instant.now().plus(in))));
  }

  private static JWTClaimsSet.Builder good(Connection connection) {
    return new JWTClaimsSet.Builder()
        .subject("mallory")
        .issuer(connection.projectId())
        .expirationTime(Date.from(Instant.now().plusSeconds(600)))
        .claim("budget", Map.of("ai", 1_000_000, "compute", 3600, "window", "day"));
  }

  private static String signed(String key, JWTClaimsSet claims) {
    try {
      var jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
      jwt.sign(new MACSigner(key.getBytes(UTF_8)));
      return jwt.serialize();
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
