package dev.berth.activities.transcript;

import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;

/**
 * Writes what one sandbox adds to its transcript: an object for all parts that came in a moment, or
 * while the last one was written. Parts stay in order; while object storage is away they wait, and
 * the bridge, which keeps what is not acknowledged, slows its agent when it keeps too much.
 */
public final class TranscriptWriter implements AutoCloseable {
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

  /** Stores a part; the stage completes when it is in object storage. */
  public CompletionStage<Void> append(TranscriptPart part) {
    var entry = new Entry(part, new CompletableFuture<>());
    queue.add(entry);
    return entry.stored();
  }

  /**
   * Stores what came before, and ends: whoever takes the session up reads it. Gives up what cannot
   * be stored in ten seconds.
   */
  @Override
  public void close() {
    queue.add(new Entry(null, new CompletableFuture<>()));
    try {
      if (!writer.join(LAST_PARTS)) {
        LOG.atError().log("session {}: the last parts of epoch {} are not stored", session, epoch);
        writer.interrupt();
      }
    } catch (InterruptedException interrupted) {
      writer.interrupt();
      Thread.currentThread().interrupt();
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
        batch.forEach(entry -> entry.stored().complete(null));
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
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
