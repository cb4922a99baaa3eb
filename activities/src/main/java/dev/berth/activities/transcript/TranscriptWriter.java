package dev.berth.activities.transcript;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * while the last one was written. Parts stay in order; while object storage is away they wait, each
 * once, and within a bound. What is beyond it is left to the bridge, which keeps what is not
 * acknowledged, and slows its agent when that is too much.
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

  /** Characters that wait for object storage; the rest stays with the bridge. */
  private static final long MOST = 16L * 1024 * 1024;

  private final ObjectStore objects;
  private final ProjectId project;
  private final SessionId session;
  private final int epoch;
  private final long most;
  private final BlockingQueue<Entry> queue = new LinkedBlockingQueue<>();
  private final Map<Long, CompletableFuture<Void>> waiting = new HashMap<>();
  private final Thread writer;
  private long held;

  /** Not null from the first part that was too much until nothing waits any more. */
  private @Nullable CompletableFuture<Void> room;

  /** A part as it is stored, or, without lines, the mark of the end. */
  private record Entry(long frame, @Nullable String lines, CompletableFuture<Void> stored) {
    static Entry end() {
      return new Entry(0, null, new CompletableFuture<>());
    }

    boolean isEnd() {
      return lines == null;
    }
  }

  public TranscriptWriter(ObjectStore objects, ProjectId project, SessionId session, int epoch) {
    this(objects, project, session, epoch, MOST);
  }

  /**
   * @param most characters that wait for object storage
   */
  public TranscriptWriter(
      ObjectStore objects, ProjectId project, SessionId session, int epoch, long most) {
    this.objects = objects;
    this.project = project;
    this.session = session;
    this.epoch = epoch;
    this.most = most;
    this.writer = Thread.ofVirtual().name("transcript " + session).start(this::write);
  }

  /**
   * Stores a part; the stage completes when it is in object storage. One that waits already, and
   * came again on another connection, does not wait twice.
   *
   * @return null when there is no room for it, nor for any that follows it, until {@link #room}
   */
  public synchronized @Nullable CompletionStage<Void> append(TranscriptPart part) {
    var known = waiting.get(part.frame());
    if (known != null) {
      return known;
    }
    if (room != null) {
      return null;
    }
    var lines = TranscriptLines.text(part);
    if (held > 0 && held + lines.length() > most) {
      LOG.atWarn().log("session {}: its transcript waits at the bridge", session);
      room = new CompletableFuture<>();
      return null;
    }
    held += lines.length();
    var entry = new Entry(part.frame(), lines, new CompletableFuture<>());
    waiting.put(part.frame(), entry.stored());
    queue.add(entry);
    return entry.stored();
  }

  /** Completes when there is room again for what was refused. */
  public synchronized CompletionStage<Void> room() {
    return room == null ? CompletableFuture.completedFuture(null) : room;
  }

  /** How many parts wait. */
  synchronized int waiting() {
    return waiting.size();
  }

  /**
   * Stores what came before, and ends: whoever takes the session up reads it.
   *
   * @return false when object storage does not take it in ten seconds; it goes on trying then
   */
  public boolean end() {
    queue.add(Entry.end());
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
        isOver = batch.removeIf(Entry::isEnd);
        if (!batch.isEmpty()) {
          store(batch);
          stored(batch);
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void stored(List<Entry> batch) {
    @Nullable CompletableFuture<Void> again = null;
    synchronized (this) {
      for (var entry : batch) {
        waiting.remove(entry.frame());
        held -= requireNonNull(entry.lines()).length();
      }
      if (waiting.isEmpty()) {
        again = room;
        room = null;
      }
    }
    batch.forEach(entry -> entry.stored().complete(null));
    if (again != null) {
      again.complete(null);
    }
  }

  /** What comes within a moment of the next entry; the mark of the end is not waited behind. */
  private List<Entry> gather() throws InterruptedException {
    var batch = new ArrayList<Entry>();
    batch.add(queue.take());
    var deadline = System.nanoTime() + GATHER.toNanos();
    var left = GATHER.toNanos();
    while (left > 0 && !batch.getLast().isEnd()) {
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
    var key =
        ObjectKeys.transcriptPart(
            project.value(), session.value(), epoch, batch.getFirst().frame());
    var content =
        batch.stream()
            .map(entry -> requireNonNull(entry.lines()))
            .collect(joining())
            .getBytes(UTF_8);
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
