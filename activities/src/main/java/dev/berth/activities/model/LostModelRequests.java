package dev.berth.activities.model;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.exists;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.selectOne;
import static org.jooq.impl.DSL.update;
import static org.jooq.impl.DSL.val;

import java.time.Duration;
import java.time.OffsetDateTime;
import org.jooq.CommonTableExpression;
import org.jooq.Condition;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.Record1;
import org.jooq.types.DayToSecond;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Model requests whose api node died before it could say what became of them. Each gets one row in
 * the ledger: the input guessed from its size, no output, and the output that it allowed as the
 * bound.
 */
public final class LostModelRequests {
  /**
   * For how long a request is left to its api node after its sandbox has ended or was replaced:
   * nobody waits for the answer, and a node that lives notices soon and says what it knows, which
   * is more.
   */
  static final Duration GRACE = Duration.ofMinutes(1);

  /**
   * Longer than any request lives. Silence ends one after 15 minutes, but nothing limits one that
   * goes on: the longest answers have 128,000 tokens, and slow models write 10 in a second, which
   * is 3.6 hours.
   */
  static final Duration LONGEST = Duration.ofHours(6);

  private static final Logger LOG = LoggerFactory.getLogger(LostModelRequests.class);

  private final DSLContext db;

  public LostModelRequests(DSLContext db) {
    this.db = db;
  }

  /**
   * Closes the lost requests with an estimate, all hosts' alike.
   *
   * <ul>
   *   <li>Idempotent: a request is closed once, by its api node or by one of those who settle at
   *       the same time; the first one stands.
   * </ul>
   *
   * @return how many were settled
   */
  public int settle() {
    var lost = lost();
    var closed =
        name("closed")
            .as(
                update(MODEL_REQUESTS)
                    .set(MODEL_REQUESTS.CLOSED_AT, currentOffsetDateTime())
                    .where(
                        MODEL_REQUESTS.REQUEST_ID.in(
                            select(lost.field(MODEL_REQUESTS.REQUEST_ID)).from(lost)))
                    .returning());
    var settled =
        db.with(lost)
            .with(closed)
            .insertInto(
                LEDGER,
                LEDGER.ENTRY_ID,
                LEDGER.SESSION_ID,
                LEDGER.PROJECT_ID,
                LEDGER.ACCOUNT_ID,
                LEDGER.END_USER_ID,
                LEDGER.TURN_ID,
                LEDGER.EPOCH,
                LEDGER.MODEL,
                LEDGER.INPUT_TOKENS,
                LEDGER.OUTPUT_TOKENS,
                LEDGER.CACHE_CREATION_5M_TOKENS,
                LEDGER.CACHE_CREATION_1H_TOKENS,
                LEDGER.CACHE_READ_TOKENS,
                LEDGER.COST_MICRODOLLARS,
                LEDGER.PRICE_TABLE,
                LEDGER.KIND,
                LEDGER.OUTPUT_BOUND)
            .select(
                select(
                        closed.field(MODEL_REQUESTS.REQUEST_ID),
                        SESSIONS.SESSION_ID,
                        SESSIONS.PROJECT_ID,
                        SESSIONS.ACCOUNT_ID,
                        SESSIONS.END_USER_ID,
                        closed.field(MODEL_REQUESTS.TURN_ID),
                        closed.field(MODEL_REQUESTS.EPOCH),
                        closed.field(MODEL_REQUESTS.MODEL),
                        closed.field(MODEL_REQUESTS.ESTIMATED_INPUT_TOKENS),
                        val(0L),
                        val(0L),
                        val(0L),
                        val(0L),
                        closed.field(MODEL_REQUESTS.ESTIMATED_COST_MICRODOLLARS),
                        closed.field(MODEL_REQUESTS.PRICE_TABLE),
                        val("estimated"),
                        closed.field(MODEL_REQUESTS.MAX_TOKENS))
                    .from(closed)
                    .join(SESSIONS)
                    .on(SESSIONS.SESSION_ID.eq(closed.field(MODEL_REQUESTS.SESSION_ID))))
            .execute();
    if (settled > 0) {
      LOG.atInfo().log("settled {} model requests whose api node is gone", settled);
    }
    return settled;
  }

  /** Those that another is about to close are left to it. */
  private static CommonTableExpression<Record1<String>> lost() {
    return name("lost")
        .as(
            select(MODEL_REQUESTS.REQUEST_ID)
                .from(MODEL_REQUESTS)
                .where(MODEL_REQUESTS.CLOSED_AT.isNull())
                .and(
                    MODEL_REQUESTS
                        .OPENED_AT
                        .lt(ago(LONGEST))
                        .or(MODEL_REQUESTS.OPENED_AT.lt(ago(GRACE)).and(epochIsOver())))
                .forUpdate()
                .skipLocked());
  }

  /** Whether the request's sandbox has ended, or a later one took its place, and a while ago. */
  private static Condition epochIsOver() {
    var ended = SANDBOXES.EPOCH.eq(MODEL_REQUESTS.EPOCH).and(SANDBOXES.ENDED_AT.lt(ago(GRACE)));
    var replaced =
        SANDBOXES.EPOCH.gt(MODEL_REQUESTS.EPOCH).and(SANDBOXES.CREATED_AT.lt(ago(GRACE)));
    return exists(
        selectOne()
            .from(SANDBOXES)
            .where(SANDBOXES.SESSION_ID.eq(MODEL_REQUESTS.SESSION_ID))
            .and(ended.or(replaced)));
  }

  private static Field<OffsetDateTime> ago(Duration time) {
    return currentOffsetDateTime().minus(DayToSecond.valueOf(time));
  }
}
