package dev.berth.db;

import dev.berth.db.EventLog.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends events of many sessions, as many in one transaction as are waiting when the last one
 * ends: one round trip for a lone event, ever larger batches under load.
 *
 * <ul>
 *   <li>Requests are carried out in the order in which they were given.
 *   <li>What is given together goes in one transaction.
 *   <li>A request that the database cannot take (a broken one, or no database) fails alone, unless
 *       it came in a {@link Lane}: nothing that comes after it there may be stored before it.
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

  private record Entry(
      Request request, @Nullable Lane lane, CompletableFuture<AppendOutcome> outcome) {}

  /** What one writer gives in its order: when one of its requests fails, all later ones do. */
  public final class Lane {
    /** Only the thread that writes looks. */
    private boolean broken;

    private Lane() {}

    /** As {@link GroupCommit#append(List)}. */
    public List<CompletionStage<AppendOutcome>> append(List<Request> requests)
        throws InterruptedException {
      return GroupCommit.this.append(requests, this);
    }
  }

  /** A request was not tried, because one before it in its lane had failed. */
  public static final class LaneBrokenException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private LaneBrokenException() {
      super("a request before this one failed");
    }
  }

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
    return append(requests, null);
  }

  /** A new lane, for a writer whose requests depend on each other. */
  public Lane lane() {
    return new Lane();
  }

  private List<CompletionStage<AppendOutcome>> append(List<Request> requests, @Nullable Lane lane)
      throws InterruptedException {
    if (closed) {
      throw new IllegalStateException("the event log is closed");
    }
    if (requests.isEmpty()) {
      return List.of();
    }
    var entries =
        requests.stream()
            .map(request -> new Entry(request, lane, new CompletableFuture<>()))
            .toList();
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

  private void commit(List<Entry> given) {
    var batch = given.stream().filter(GroupCommit::isInOrder).toList();
    if (batch.isEmpty()) {
      return;
    }
    try {
      var outcomes = EventLog.append(db, batch.stream().map(Entry::request).toList());
      for (var index = 0; index < batch.size(); index++) {
        batch.get(index).outcome().complete(outcomes.get(index));
      }
    } catch (RuntimeException failed) {
      // Whatever it is, those who wait hear of it, and the writer goes on.
      if (batch.size() == 1) {
        var entry = batch.getFirst();
        if (entry.lane() != null) {
          entry.lane().broken = true;
        }
        entry.outcome().completeExceptionally(failed);
      } else {
        LOG.atWarn().setCause(failed).log("a batch of {} failed; trying one by one", batch.size());
        batch.forEach(entry -> commit(List.of(entry)));
      }
    }
  }

  /** Refuses what comes in a lane after something that failed. */
  private static boolean isInOrder(Entry entry) {
    if (entry.lane() == null || !entry.lane().broken) {
      return true;
    }
    entry.outcome().completeExceptionally(new LaneBrokenException());
    return false;
  }
}
