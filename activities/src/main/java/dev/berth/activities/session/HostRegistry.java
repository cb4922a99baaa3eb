package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.HOSTS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.when;

import dev.berth.protocol.HostId;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.workflows.Failures;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.types.DayToSecond;

/** The hosts that are there, in the database; the one with the fewest sandboxes is chosen. */
public final class HostRegistry implements Placement {
  /** A host that was not seen for longer is not asked; it says so three times in this time. */
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(100);

  private final DSLContext db;

  public HostRegistry(DSLContext db) {
    this.db = db;
  }

  /** The host is there, and reached under this address. */
  public void seen(HostId host, URI url) {
    db.insertInto(HOSTS)
        .set(HOSTS.HOST_ID, host.value())
        .set(HOSTS.URL, url.toString())
        .onDuplicateKeyUpdate()
        .set(HOSTS.URL, url.toString())
        .set(HOSTS.SEEN_AT, currentOffsetDateTime())
        .execute();
  }

  /** Fails with {@code UNAVAILABLE} when no host is there: the session waits for one. */
  @Override
  public HostId choose(DSLContext tx, List<HostId> avoid) {
    var avoided = HOSTS.HOST_ID.in(avoid.stream().map(HostId::value).toList());
    var sandboxes = count(SANDBOXES.SANDBOX_ID);
    var host =
        tx.select(HOSTS.HOST_ID)
            .from(HOSTS)
            .leftJoin(SANDBOXES)
            .on(SANDBOXES.HOST_ID.eq(HOSTS.HOST_ID), SANDBOXES.ENDED_AT.isNull())
            .where(isThere())
            .groupBy(HOSTS.HOST_ID)
            .orderBy(when(avoided, 1).otherwise(0), sandboxes, HOSTS.HOST_ID)
            .limit(1)
            .fetchOne(HOSTS.HOST_ID);
    if (host == null) {
      throw Failures.away(
          Problem.away(
              PlatformPart.HOST,
              "No sandbox host was seen in the last %d s; start a worker."
                  .formatted(SEEN_WITHIN.toSeconds())));
    }
    return new HostId(host);
  }

  @Override
  public boolean hasAnother(HostId host) {
    return db.fetchExists(HOSTS, isThere().and(HOSTS.HOST_ID.ne(host.value())));
  }

  private static Condition isThere() {
    return HOSTS.SEEN_AT.gt(currentOffsetDateTime().minus(DayToSecond.valueOf(SEEN_WITHIN)));
  }
}
