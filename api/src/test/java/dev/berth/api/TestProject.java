package dev.berth.api;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import dev.berth.api.auth.EndUser;
import dev.berth.protocol.EndUserId;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;

/** A project with its account in a test's database, the tokens that it signs, and its sessions. */
public record TestProject(DSLContext db, String id, String key) {
  /** As developers get them: the whole text is the key. */
  private static final String KEY = "hk_live_0123456789abcdef0123456789abcdef";

  public static TestProject in(DSLContext db) {
    return named(db, "project-" + UUID.randomUUID());
  }

  public static TestProject named(DSLContext db, String id) {
    db.insertInto(ACCOUNTS)
        .set(ACCOUNTS.ACCOUNT_ID, "account of " + id)
        .set(ACCOUNTS.NAME, "a developer")
        .execute();
    db.insertInto(PROJECTS)
        .set(PROJECTS.PROJECT_ID, id)
        .set(PROJECTS.ACCOUNT_ID, "account of " + id)
        .set(PROJECTS.NAME, "an app")
        .set(PROJECTS.HMAC_KEY, KEY)
        .execute();
    return new TestProject(db, id, KEY);
  }

  public EndUser user(String name) {
    return new EndUser(new ProjectId(id), "account of " + id, new EndUserId(name));
  }

  /** A session of that end user, made by nobody. */
  public SessionId session(String user) {
    var session = UUID.randomUUID();
    db.insertInto(SESSIONS)
        .set(SESSIONS.SESSION_ID, session)
        .set(SESSIONS.PROJECT_ID, id)
        .set(SESSIONS.ACCOUNT_ID, "account of " + id)
        .set(SESSIONS.END_USER_ID, user)
        .set(SESSIONS.MODEL, "claude-sonnet-4-5-20250929")
        .set(SESSIONS.OPTIONS, JSON.json("{}"))
        .execute();
    return new SessionId(session.toString());
  }

  /** A good token of that end user, which outlives every test. */
  public String token(String user) {
    return signed(
        """
        {"sub": %s, "iss": "%s", "exp": 4000000000, "budget": {"ai": 1000000, "compute": 3600}}
        """
            .formatted(ProtocolJson.mapper().writeValueAsString(user), id));
  }

  /** Any payload, signed with the project's key. */
  public String signed(String payload) {
    return signed(JWSAlgorithm.HS256, key, payload);
  }

  public static String signed(JWSAlgorithm algorithm, String key, String payload) {
    try {
      var jws = new JWSObject(new JWSHeader(algorithm), new Payload(payload));
      jws.sign(new MACSigner(key.getBytes(UTF_8)));
      return jws.serialize();
    } catch (JOSEException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
