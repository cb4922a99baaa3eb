package dev.berth.db;

import dev.berth.db.EventLog.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jooq.DSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends events of many sessions, as many in one transaction as are waiting when the last one
 * ends: one round trip for a lone event, ever larger batches under load.
 *
 * <ul>
 *   <li>Requests are carried out in the order in which they were given.
 *   <li>What is given together goes in one transaction.
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

  /** Each element was given together; an empty one is the end. */
  private final BlockingQueue<List<Entry>> queue = new ArrayBlockingQueue<>(QUEUE);

  private final Thread writer;
  private volatile boolean closed;

  private record Entry(Request request, CompletableFuture<AppendOutcome> outcome) {}

  public GroupCommit(DSLContext db) {
    this.db = db;
    this.writer = Thread.ofVirtual().name("event-log-writer").start(this::write);
  }

  /**
   * Appends events; the stage completes when they are committed, or fails with the database's
   * exception and nothing stored.
   */
  public CompletionStage<AppendOutcome> append(Request request) throws InterruptedException {
    return append(List.of(request)).getFirst();
  }

  /**
   * Appends what came together, in one transaction where the database takes all of it.
   *
   * @return a stage for each request, in the order given
   */
  public List<CompletionStage<AppendOutcome>> append(List<Request> requests)
      throws InterruptedException {
    if (closed) {
      throw new IllegalStateException("the event log is closed");
    }
    if (requests.isEmpty()) {
      return List.of();
    }
    var entries =
        requests.stream().map(request -> new Entry(request, new CompletableFuture<>())).toList();
    queue.put(entries);
    return entries.stream().<CompletionStage<AppendOutcome>>map(Entry::outcome).toList();
  }

  /** Commits what was given before, and ends. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      queue.put(List.of());
      writer.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    try {
      var over = false;
      while (!over) {
        var batch = new ArrayList<Entry>();
        over = fill(batch, queue.take());
        if (!batch.isEmpty()) {
          commit(batch);
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Moves what waits into the batch; tells whether the end came up. */
  private boolean fill(List<Entry> batch, List<Entry> first) {
    var characters = 0L;
    for (var next = first; next != null; next = queue.poll()) {
      if (next.isEmpty()) {
        return true;
      }
      batch.addAll(next);
      characters += next.stream().mapToLong(entry -> entry.request().characters()).sum();
      if (batch.size() >= BATCH_REQUESTS || characters > BATCH_CHARACTERS) {
        return false;
      }
    }
    return false;
  }

  private void commit(List<Entry> batch) {
    try {
      var outcomes = EventLog.append(db, batch.stream().map(Entry::request).toList());
      for (var index = 0; index < batch.size(); index++) {
        batch.get(index).outcome().complete(outcomes.get(index));
      }
    } catch (RuntimeException failed) {
      // Whatever it is, those who wait hear of it, and the writer goes on.
      if (batch.size() == 1) {
        batch.getFirst().outcome().completeExceptionally(failed);
      } else {
        LOG.atWarn().setCause(failed).log("a batch of {} failed; trying one by one", batch.size());
        batch.forEach(entry -> commit(List.of(entry)));
      }
    }
  }
}
