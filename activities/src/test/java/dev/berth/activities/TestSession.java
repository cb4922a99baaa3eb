package dev.berth.activities;

import static dev.berth.db.generated.Tables.ACCOUNTS;
import static dev.berth.db.generated.Tables.PROJECTS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;

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

  public UUID uuid() {
    return UUID.fromString(id.value());
  }
}
