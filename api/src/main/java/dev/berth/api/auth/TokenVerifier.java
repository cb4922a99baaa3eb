package dev.berth.api.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.crypto.MACVerifier;
import dev.berth.protocol.EndUserId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Verifies end-user tokens: compact JWS with HS256 and the UTF-8 bytes of the project's whole key
 * (client protocol, section 2). What is wrong with a token is told apart in the log; outside, an
 * unknown project and a bad signature look the same.
 */
public final class TokenVerifier {
  private static final Logger LOG = LoggerFactory.getLogger(TokenVerifier.class);

  /** Far more than a real token has. */
  private static final int MAX_CHARACTERS = 64 * 1024;

  private static final String NOT_GENUINE =
      "Authentication failed: the token is not one that a project here has signed; mint a new one with the project's key.";

  private final Projects projects;
  private final Clock clock;

  public TokenVerifier(Projects projects, Clock clock) {
    this.projects = projects;
    this.clock = clock;
  }

  /**
   * Verifies a token.
   *
   * @throws ProblemException {@code INVALID_TOKEN}, {@code TOKEN_EXPIRED}, or {@code
   *     INVALID_REQUEST} for a genuine token without a budget
   */
  public VerifiedToken verify(@Nullable String token) {
    if (token == null || token.isBlank()) {
      throw refused(
          "missing",
          "Authentication failed: no token; connect with ?token=<JWT>, or send Authorization: Bearer <JWT>.");
    }
    var jws = parse(token);
    var claims = claims(jws);
    var project = project(claims);
    var issuer = projects.issuer(project);
    if (issuer == null) {
      throw refused("unknown or inactive project " + project, NOT_GENUINE);
    }
    if (!isSignedWith(jws, issuer.hmacKey().value())) {
      throw refused("bad signature for project " + project, NOT_GENUINE);
    }
    return verified(claims, issuer);
  }

  private static JWSObject parse(String token) {
    if (token.length() > MAX_CHARACTERS) {
      throw refused("too long: " + token.length(), NOT_GENUINE);
    }
    try {
      var jws = JWSObject.parse(token);
      if (!JWSAlgorithm.HS256.equals(jws.getHeader().getAlgorithm())) {
        throw refused("algorithm " + jws.getHeader().getAlgorithm(), NOT_GENUINE);
      }
      return jws;
    } catch (ParseException | IllegalArgumentException malformed) {
      throw refused("malformed: " + malformed.getMessage(), NOT_GENUINE);
    }
  }

  private static TokenClaims claims(JWSObject jws) {
    try {
      var claims = ProtocolJson.mapper().readValue(jws.getPayload().toBytes(), TokenClaims.class);
      if (claims == null) {
        throw refused("claims: null", NOT_GENUINE);
      }
      return claims;
    } catch (JacksonException malformed) {
      throw refused("claims: " + malformed.getOriginalMessage(), NOT_GENUINE);
    }
  }

  private static ProjectId project(TokenClaims claims) {
    try {
      return new ProjectId(claims.iss() == null ? "" : claims.iss());
    } catch (IllegalArgumentException malformed) {
      throw refused("iss: " + malformed.getMessage(), NOT_GENUINE);
    }
  }

  private static boolean isSignedWith(JWSObject jws, String key) {
    try {
      return jws.verify(new MACVerifier(key.getBytes(UTF_8)));
    } catch (JOSEException unusable) {
      throw refused("key: " + unusable.getMessage(), NOT_GENUINE);
    }
  }

  private VerifiedToken verified(TokenClaims claims, Projects.Issuer issuer) {
    if (claims.exp() == null) {
      throw refused("no exp", "Authentication failed: the token has no expiry; set the claim exp.");
    }
    var expires = Instant.ofEpochSecond(Math.clamp(claims.exp(), 0, Integer.MAX_VALUE * 4L));
    if (!clock.instant().isBefore(expires)) {
      throw new ProblemException(
          ProblemType.TOKEN_EXPIRED,
          "Authentication failed: the session token expired at %s; ask the app for a new one."
              .formatted(expires));
    }
    var budget = claims.budget();
    if (budget == null || budget.ai() == null || budget.compute() == null) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "Invalid token: it grants no budget; set the claims budget.ai (microdollars) and budget.compute (seconds).");
    }
    if (budget.ai() <= 0 || budget.compute() <= 0) {
      throw new ProblemException(
          ProblemType.USER_BUDGET_EXHAUSTED,
          "Budget exceeded: the token grants %d microdollars and %d compute seconds; contact the developer of the app."
              .formatted(budget.ai(), budget.compute()));
    }
    return new VerifiedToken(
        new EndUser(issuer.id(), issuer.accountId(), endUser(claims)), expires, claims);
  }

  private static EndUserId endUser(TokenClaims claims) {
    try {
      return new EndUserId(claims.sub() == null ? "" : claims.sub());
    } catch (IllegalArgumentException malformed) {
      throw new ProblemException(
          ProblemType.INVALID_TOKEN,
          "Authentication failed: the claim sub is not usable: " + malformed.getMessage());
    }
  }

  private static ProblemException refused(String why, String told) {
    LOG.atInfo().log("refused a token: {}", why);
    return new ProblemException(ProblemType.INVALID_TOKEN, told);
  }
}
