package dev.berth.activities.transcript;

import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Writes what one sandbox adds to its transcript: an object for all parts that came in a moment, or
 * while the last one was written. Parts stay in order; while object storage is away they wait, and
 * the bridge, which keeps what is not acknowledged, slows its agent when it keeps too much. So
 * memory is bounded: nothing waits here that the bridge does not keep too, and a part that is sent
 * again waits once.
 */
public final class TranscriptWriter {
  private static final Logger LOG = LoggerFactory.getLogger(TranscriptWriter.class);

  private static final Duration PAUSE = Duration.ofSeconds(1);

  /**
   * A part waits this long for others: an object store takes few large objects better than many.
   */
  private static final Duration GATHER = Duration.ofMillis(100);

  /** How long the end of a sandbox waits for its last parts while object storage is away. */
  private static final Duration LAST_PARTS = Duration.ofSeconds(10);

  private final ObjectStore objects;
  private final ProjectId project;
  private final SessionId session;
  private final int epoch;
  private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
  private final Map<Long, CompletableFuture<Void>> waiting = new ConcurrentHashMap<>();
  private final Thread writer;

  /** A part, or, without one, the mark of the end. */
  private record Entry(@Nullable TranscriptPart part, CompletableFuture<Void> stored) {}

  public TranscriptWriter(ObjectStore objects, ProjectId project, SessionId session, int epoch) {
    this.objects = objects;
    this.project = project;
    this.session = session;
    this.epoch = epoch;
    this.writer = Thread.ofVirtual().name("transcript " + session).start(this::write);
  }

  /**
   * Stores a part; the stage completes when it is in object storage. One that waits already, and
   * came again on another connection, does not wait twice.
   */
  public CompletionStage<Void> append(TranscriptPart part) {
    return waiting.computeIfAbsent(
        part.frame(),
        frame -> {
          var entry = new Entry(part, new CompletableFuture<>());
          queue.add(entry);
          return entry.stored();
        });
  }

  /** How many parts wait. */
  int waiting() {
    return waiting.size();
  }

  /**
   * Stores what came before, and ends: whoever takes the session up reads it.
   *
   * @return false when object storage does not take it in ten seconds; it goes on trying then
   */
  public boolean end() {
    queue.add(new Entry(null, new CompletableFuture<>()));
    if (awaitEnd(LAST_PARTS)) {
      return true;
    }
    LOG.atWarn().log("session {}: the last parts of epoch {} are not stored yet", session, epoch);
    return false;
  }

  /** Waits until everything is stored, at most this long. */
  boolean awaitEnd(Duration patience) {
    try {
      return writer.join(patience);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void write() {
    try {
      var isOver = false;
      while (!isOver) {
        var batch = gather();
        isOver = batch.removeIf(entry -> entry.part() == null);
        if (!batch.isEmpty()) {
          store(batch);
        }
        batch.forEach(this::stored);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void stored(Entry entry) {
    if (entry.part() != null) {
      waiting.remove(entry.part().frame());
    }
    entry.stored().complete(null);
  }

  /** What comes within a moment of the next entry; the mark of the end is not waited behind. */
  private List<Entry> gather() throws InterruptedException {
    var batch = new ArrayList<Entry>();
    batch.add(queue.take());
    var deadline = System.nanoTime() + GATHER.toNanos();
    var left = GATHER.toNanos();
    while (left > 0 && batch.getLast().part() != null) {
      var next = queue.poll(left, TimeUnit.NANOSECONDS);
      if (next != null) {
        batch.add(next);
      }
      left = deadline - System.nanoTime();
    }
    queue.drainTo(batch);
    return batch;
  }

  private void store(List<Entry> batch) throws InterruptedException {
    var parts = batch.stream().map(Entry::part).filter(Objects::nonNull).toList();
    var key =
        ObjectKeys.transcriptPart(
            project.value(), session.value(), epoch, parts.getFirst().frame());
    var content = TranscriptLines.encode(parts);
    while (true) {
      try {
        objects.put(key, content, TranscriptLines.CONTENT_TYPE);
        return;
      } catch (SdkException away) {
        LOG.atWarn().setCause(away).log("object storage does not take {}; trying again", key);
        Thread.sleep(PAUSE);
      }
    }
  }
}
