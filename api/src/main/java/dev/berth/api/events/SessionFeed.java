package dev.berth.api.events;

import dev.berth.db.LogPage;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.LogTruncated;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/**
 * One reader of a session's log: first what is stored, then what happens, without a gap and without
 * a repeat. Deltas come in between, and never after the stored message that they belong to. A
 * reader that is slow misses deltas, never events. Not for sharing between threads.
 */
public final class SessionFeed implements AutoCloseable {
  /** Live frames that a reader may be behind before it misses deltas. */
  private static final int BEHIND = 1024;

  private static final int PAGE = 200;

  /** How often the log is looked at while the host's stream is down. */
  private static final Duration POLL = Duration.ofMillis(250);

  /** And while it is up, for what other parts of the platform append. */
  private static final Duration SLOW_POLL = Duration.ofSeconds(1);

  private final DSLContext db;
  private final SessionId session;
  private final boolean deltas;
  private final LiveSubscription subscription;
  private final SessionFeeds feeds;
  private final BlockingQueue<LiveFrame> frames = new ArrayBlockingQueue<>(BEHIND);
  private final Queue<EventEnvelope> page = new ArrayDeque<>();
  private @Nullable LogTruncated truncated;
  private long cursor;
  private long lastMessage;
  private long position;
  private boolean mayHaveMore = true;
  private volatile boolean missed;

  /** What a reader gets. */
  public sealed interface Item {
    record Stored(EventEnvelope event) implements Item {}

    record Live(LiveFrame.Delta delta) implements Item {}

    /** What comes next in the log is not kept any more; the reader's cursor lies behind it now. */
    record Truncated(LogTruncated log) implements Item {}
  }

  SessionFeed(
      DSLContext db,
      SessionId session,
      long after,
      boolean deltas,
      LiveSubscription subscription,
      SessionFeeds feeds) {
    this.db = db;
    this.session = session;
    this.cursor = after;
    this.deltas = deltas;
    this.subscription = subscription;
    this.feeds = feeds;
    subscription.join(this);
  }

  /** The next item; null when nothing happened in that time. */
  public @Nullable Item next(Duration timeout) throws InterruptedException {
    var deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      var cut = truncated;
      if (cut != null) {
        truncated = null;
        cursor = cut.cutSeq();
        return new Item.Truncated(cut);
      }
      var stored = page.poll();
      if (stored != null) {
        cursor = stored.seq();
        if (stored.type().equals("agent.message")) {
          lastMessage = stored.seq();
        }
        return new Item.Stored(stored);
      }
      if (mayHaveMore) {
        readPage();
        continue;
      }
      var left = deadline - System.nanoTime();
      if (left <= 0) {
        return null;
      }
      var live = take(left);
      if (live != null) {
        return live;
      }
    }
  }

  @Override
  public void close() {
    feeds.leave(this, subscription);
  }

  /** From the subscription's thread: must not wait. A full queue costs the reader deltas only. */
  void offer(LiveFrame frame) {
    if (!(frame instanceof LiveFrame.Delta) || deltas) {
      while (!frames.offer(frame)) {
        frames.poll();
        missed = true;
      }
    }
  }

  private @Nullable Item take(long nanos) throws InterruptedException {
    var poll = subscription.isConnected() ? SLOW_POLL : POLL;
    var frame = frames.poll(Math.min(nanos, poll.toNanos()), TimeUnit.NANOSECONDS);
    if (missed) {
      missed = false;
      frames.clear();
      mayHaveMore = true;
      return null;
    }
    switch (frame) {
      case null -> mayHaveMore = true;
      case LiveFrame.Committed committed -> {
        position = Math.max(position, committed.seq());
        mayHaveMore = committed.seq() > cursor && !follows(committed.events());
      }
      case LiveFrame.Delta delta -> {
        if (position >= lastMessage) {
          return new Item.Live(delta);
        }
      }
      case LiveFrame.Heartbeat() -> mayHaveMore = true;
      case LiveFrame.Ended(), LiveFrame.Unrecognized _ -> mayHaveMore = true;
    }
    return null;
  }

  /** Takes over what comes next in the log, if these events do. */
  private boolean follows(@Nullable List<EventEnvelope> events) {
    if (events == null || events.getFirst().seq() > cursor + 1) {
      return false;
    }
    events.stream().filter(event -> event.seq() > cursor).forEach(page::add);
    return true;
  }

  private void readPage() {
    var read = LogPage.read(db, session, cursor, PAGE);
    truncated = read.truncated();
    page.addAll(read.events());
    mayHaveMore = read.more();
  }
}
