package dev.berth.api.auth;

import static dev.berth.db.generated.Tables.PROJECTS;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.Secret;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/** The projects, which issue the tokens of their end users. */
public final class Projects {
  private final DSLContext db;

  public Projects(DSLContext db) {
    this.db = db;
  }

  /** A project that may issue tokens now. */
  public record Issuer(ProjectId id, String accountId, Secret hmacKey) {}

  /** The project, unless there is none or it is switched off. */
  public @Nullable Issuer issuer(ProjectId project) {
    return db.select(PROJECTS.ACCOUNT_ID, PROJECTS.HMAC_KEY)
        .from(PROJECTS)
        .where(PROJECTS.PROJECT_ID.eq(project.value()))
        .and(PROJECTS.ACTIVE)
        .fetchOne(row -> new Issuer(project, row.value1(), new Secret(row.value2())));
  }
}
