package dev.berth.activities;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.MESSAGES;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import java.time.Duration;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jooq.types.DayToSecond;

/** A session in a test's database. */
public record TestSession(DSLContext db, SessionId id) {
  public static final ProjectId PROJECT = new ProjectId("p");

  public static TestSession in(DSLContext db) {
    db.insertInto(ACCOUNTS)
        .set(ACCOUNTS.ACCOUNT_ID, "a")
        .set(ACCOUNTS.NAME, "a")
        .onConflictDoNothing()
        .execute();
    db.insertInto(PROJECTS)
        .set(PROJECTS.PROJECT_ID, PROJECT.value())
        .set(PROJECTS.ACCOUNT_ID, "a")
        .set(PROJECTS.NAME, "p")
        .set(PROJECTS.HMAC_KEY, "hk_live_x")
        .onConflictDoNothing()
        .execute();
    var id = UUID.randomUUID();
    db.insertInto(SESSIONS)
        .set(SESSIONS.SESSION_ID, id)
        .set(SESSIONS.PROJECT_ID, PROJECT.value())
        .set(SESSIONS.ACCOUNT_ID, "a")
        .set(SESSIONS.END_USER_ID, "u")
        .set(SESSIONS.MODEL, "m")
        .set(SESSIONS.OPTIONS, JSON.json("{\"model\": \"m\"}"))
        .execute();
    return new TestSession(db, new SessionId(id.toString()));
  }

  /** The session gets this epoch, and a sandbox of it on that host. */
  public SandboxId sandbox(String host, int epoch) {
    var sandbox =
        new SandboxId("sb-" + UUID.randomUUID().toString().replace("-", "").substring(16));
    db.update(SESSIONS).set(SESSIONS.EPOCH, epoch).where(SESSIONS.SESSION_ID.eq(uuid())).execute();
    db.insertInto(SANDBOXES)
        .set(SANDBOXES.SANDBOX_ID, sandbox.value())
        .set(SANDBOXES.HOST_ID, host)
        .set(SANDBOXES.SESSION_ID, uuid())
        .set(SANDBOXES.EPOCH, epoch)
        .set(SANDBOXES.IMAGE, "image:1")
        .set(SANDBOXES.TIER, "lite")
        .execute();
    return sandbox;
  }

  /** The message of a turn, accepted before anything that follows. */
  public void message(TurnId turn) {
    db.insertInto(MESSAGES)
        .set(MESSAGES.SESSION_ID, uuid())
        .set(MESSAGES.MESSAGE_ID, UUID.fromString(turn.value()))
        .set(MESSAGES.CONTENT, JSON.json("\"x\""))
        .set(MESSAGES.CONTENT_HASH, new byte[0])
        .set(MESSAGES.BYTES, 3)
        .set(MESSAGES.ACCEPTED_SEQ, 0L)
        .execute();
  }

  /** A model request of that epoch which an api node opened so long ago, and has not closed. */
  public String modelRequest(int epoch, Duration ago) {
    var request = UUID.randomUUID().toString();
    db.insertInto(MODEL_REQUESTS)
        .set(MODEL_REQUESTS.REQUEST_ID, request)
        .set(MODEL_REQUESTS.SESSION_ID, uuid())
        .set(MODEL_REQUESTS.TURN_ID, UUID.nameUUIDFromBytes(request.getBytes(UTF_8)))
        .set(MODEL_REQUESTS.EPOCH, epoch)
        .set(MODEL_REQUESTS.MODEL, "claude-opus-4-5")
        .set(MODEL_REQUESTS.REQUEST_BYTES, 4001L)
        .set(MODEL_REQUESTS.MAX_TOKENS, 32_000L)
        .set(MODEL_REQUESTS.ESTIMATED_INPUT_TOKENS, 1001L)
        .set(MODEL_REQUESTS.ESTIMATED_COST_MICRODOLLARS, 5005L)
        .set(MODEL_REQUESTS.PRICE_TABLE, "prices-1")
        .set(MODEL_REQUESTS.OPENED_BY, "1@api-1")
        .set(MODEL_REQUESTS.OPENED_AT, currentOffsetDateTime().minus(DayToSecond.valueOf(ago)))
        .execute();
    return request;
  }

  public UUID uuid() {
    return UUID.fromString(id.value());
  }
}
