package dev.berth.db;

import dev.berth.db.EventLog.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jooq.DSLContext;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends events of many sessions, as many in one transaction as are waiting when the last one
 * ends: one round trip for a lone event, ever larger batches under load.
 *
 * <ul>
 *   <li>Requests are carried out in the order in which they were given.
 *   <li>A request that the database cannot take (a broken one, or no database) fails alone.
 *   <li>When the queue is full, {@link #append} waits: writers are slowed, memory stays bounded.
 * </ul>
 */
public final class GroupCommit implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

  private static final int QUEUE = 4096;
  private static final int BATCH_REQUESTS = 512;

  /** Beyond this much text a statement gains nothing by growing. */
  private static final long BATCH_CHARACTERS = 8L * 1024 * 1024;

  private final DSLContext db;
  private final BlockingQueue<Entry> queue = new ArrayBlockingQueue<>(QUEUE);
  private final Thread writer;
  private volatile boolean closed;

  private record Entry(@Nullable Request request, CompletableFuture<AppendOutcome> outcome) {}

  public GroupCommit(DSLContext db) {
    this.db = db;
    this.writer = Thread.ofVirtual().name("event-log-writer").start(this::write);
  }

  /**
   * Appends events; the stage completes when they are committed, or fails with the database's
   * exception and nothing stored.
   */
  public CompletionStage<AppendOutcome> append(Request request) throws InterruptedException {
    var entry = new Entry(request, new CompletableFuture<>());
    if (closed) {
      throw new IllegalStateException("the event log is closed");
    }
    queue.put(entry);
    return entry.outcome();
  }

  /** Commits what was given before, and ends. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      queue.put(new Entry(null, new CompletableFuture<>()));
      writer.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    var carried = (Entry) null;
    try {
      while (true) {
        var batch = new ArrayList<Entry>();
        var first = carried == null ? queue.take() : carried;
        carried = fill(batch, first);
        if (batch.isEmpty()) {
          return;
        }
        commit(batch);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Moves what waits into the batch; gives back the mark of the end, if that came up. */
  private @Nullable Entry fill(List<Entry> batch, Entry first) {
    var characters = 0L;
    @Nullable Entry next = first;
    while (next != null) {
      var request = next.request();
      if (request == null) {
        return next;
      }
      batch.add(next);
      characters += request.characters();
      if (batch.size() == BATCH_REQUESTS || characters > BATCH_CHARACTERS) {
        return null;
      }
      next = queue.poll();
    }
    return null;
  }

  private void commit(List<Entry> batch) {
    try {
      var requests = batch.stream().map(Entry::request).map(GroupCommit::required).toList();
      var outcomes = EventLog.append(db, requests);
      for (var index = 0; index < batch.size(); index++) {
        batch.get(index).outcome().complete(outcomes.get(index));
      }
    } catch (DataAccessException failed) {
      if (batch.size() == 1) {
        batch.getFirst().outcome().completeExceptionally(failed);
      } else {
        LOG.atWarn().setCause(failed).log("a batch of {} failed; trying one by one", batch.size());
        batch.forEach(entry -> commit(List.of(entry)));
      }
    }
  }

  private static Request required(@Nullable Request request) {
    if (request == null) {
      throw new IllegalStateException("the mark of the end is not a request");
    }
    return request;
  }
}
