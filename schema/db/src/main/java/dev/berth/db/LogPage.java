package dev.berth.db;

import static dev.berth.db.generated.Tables.EVENTS;
import static org.jooq.impl.DSL.coalesce;
import static org.jooq.impl.DSL.count;
import static org.jooq.impl.DSL.field;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.octetLength;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.sum;
import static org.jooq.impl.SQLDataType.CLOB;

import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LogTruncated;
import java.math.BigDecimal;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a log, as every reader takes it.
 *
 * @param truncated stands before the events when the reader's cursor lies before the first one that
 *     is kept
 * @param events consecutive; after the cursor, or from the first that is kept
 * @param more whether there are more after them
 */
public record LogPage(@Nullable LogTruncated truncated, List<EventEnvelope> events, boolean more) {
  /** A reader holds no more of the log than this, or one event that is larger. */
  static final long BYTES = 4L * 1024 * 1024;

  private static final Field<Long> SEQ = field(name("seq"), Long.class);

  /** Of an event, and of those before it on the page. */
  private static final Field<Long> SIZE = field(name("size_of_event"), Long.class);

  private static final Field<BigDecimal> BEFORE = field(name("size_before"), BigDecimal.class);

  private static final Field<Integer> FOUND = field(name("found"), Integer.class);

  public LogPage {
    events = List.copyOf(events);
  }

  /**
   * Reads on.
   *
   * @param after the number after which to begin, 0 for the beginning
   * @param limit the most events to read; it may be fewer, because they are large
   */
  public static LogPage read(DSLContext db, SessionId session, long after, int limit) {
    var page = consecutive(db, session, after, limit);
    if (page.events().isEmpty() || page.events().getFirst().seq() == after + 1) {
      return page;
    }
    // Numbers have no gaps, so what was there has been cut off since.
    var cut = LogCuts.find(db, session);
    if (cut == null || cut.cutSeq() <= after) {
      throw new IllegalStateException("session %s has no event %d".formatted(session, after + 1));
    }
    var kept = consecutive(db, session, cut.cutSeq(), limit);
    return kept.events().isEmpty() || kept.events().getFirst().seq() == cut.firstSeq()
        ? new LogPage(cut, kept.events(), kept.more())
        // Cut again in between.
        : read(db, session, after, limit);
  }

  private static LogPage consecutive(DSLContext db, SessionId session, long after, int limit) {
    var bytes =
        octetLength(EVENTS.PAYLOAD.cast(CLOB))
            .plus(coalesce(octetLength(EVENTS.RAW.cast(CLOB)), 0));
    var rows =
        select(EVENTS.fields())
            .select(bytes.cast(Long.class).as(SIZE))
            .from(EVENTS)
            .where(EVENTS.SESSION_ID.eq(UUID.fromString(session.value())))
            .and(EVENTS.SEQ.gt(after))
            .orderBy(EVENTS.SEQ)
            .limit(limit + 1)
            .asTable("rows_of_page");
    var page =
        select(rows.fields())
            .select(sum(SIZE).over().orderBy(SEQ).minus(SIZE).as(BEFORE), count().over().as(FOUND))
            .from(rows)
            .asTable("page");
    var read =
        db.selectFrom(page)
            .where(BEFORE.lt(BigDecimal.valueOf(BYTES)))
            .orderBy(SEQ)
            .limit(limit)
            .fetch();
    return new LogPage(
        null,
        read.map(EventLog::envelope),
        !read.isEmpty() && read.getFirst().get(FOUND) > read.size());
  }
}
