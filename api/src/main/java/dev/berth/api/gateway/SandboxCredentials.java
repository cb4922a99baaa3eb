package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.jspecify.annotations.Nullable;

/**
 * The credentials with which workers reach the gateway in the name of a session's sandbox. Any api
 * node can check what another one issued; none is stored.
 */
public final class SandboxCredentials {
  private static final String AUDIENCE = "model-gateway";
  private static final String EPOCH = "epoch";

  private final byte[] key;
  private final Duration life;
  private final Clock clock;

  public SandboxCredentials(Secret internal, Duration life, Clock clock) {
    this.key = derived(internal);
    this.life = life;
    this.clock = clock;
  }

  /** In whose name a request is made. */
  public record Holder(SessionId session, int epoch) {}

  /** A credential and when it ends. */
  public record Issued(String credential, Instant expiresAt) {}

  public Issued issue(Holder holder) {
    var expires = clock.instant().plus(life);
    try {
      var jwt =
          new SignedJWT(
              new JWSHeader(JWSAlgorithm.HS256),
              new JWTClaimsSet.Builder()
                  .audience(AUDIENCE)
                  .subject(holder.session().value())
                  .claim(EPOCH, holder.epoch())
                  .expirationTime(Date.from(expires))
                  .build());
      jwt.sign(new MACSigner(key));
      return new Issued(jwt.serialize(), expires);
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** The holder of a credential, or null when it is not one of ours or has ended. */
  public @Nullable Holder verify(String credential) {
    try {
      var jwt = SignedJWT.parse(credential);
      var claims = jwt.getJWTClaimsSet();
      if (!JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm())
          || !jwt.verify(new MACVerifier(key))
          || !claims.getAudience().contains(AUDIENCE)
          || claims.getExpirationTime() == null
          || claims.getExpirationTime().toInstant().isBefore(clock.instant())) {
        return null;
      }
      return new Holder(new SessionId(claims.getSubject()), claims.getIntegerClaim(EPOCH));
    } catch (ParseException | JOSEException | IllegalArgumentException notOurs) {
      return null;
    }
  }

  /** The signing key is not the internal credential itself, which workers know. */
  private static byte[] derived(Secret internal) {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(("sandbox-credentials/" + internal.value()).getBytes(UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
