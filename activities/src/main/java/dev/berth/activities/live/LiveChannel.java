package dev.berth.activities.live;

import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.EventLog;
import dev.berth.db.EventLog.Request;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.SessionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What happens in one sandbox now, for everyone who watches. Whoever joins gets the message that is
 * being written so far, then what follows. A watcher that does not keep up is let go: it reads the
 * log and joins again.
 */
public final class LiveChannel {
  /** Frames that a watcher may be behind. */
  private static final int BEHIND = 4096;

  /**
   * Beyond this many characters an event is not shown, but told of: watchers' queues are bounded.
   */
  private static final int SHOWN = 16 * 1024;

  private final PartialMessage partial = new PartialMessage();
  private final List<Watcher> watchers = new ArrayList<>();
  private long committed;
  private boolean ended;

  /** One who watches; not for sharing between threads. */
  public final class Watcher implements AutoCloseable {
    private final BlockingQueue<LiveFrame> frames = new ArrayBlockingQueue<>(BEHIND + 1);
    private boolean cut;

    /** The next frame; a heartbeat when nothing happens for a while; null when it is over. */
    public @Nullable LiveFrame next(long timeout, TimeUnit unit) throws InterruptedException {
      var frame = frames.poll(timeout, unit);
      if (frame instanceof LiveFrame.Ended) {
        return null;
      }
      return frame == null ? new LiveFrame.Heartbeat() : frame;
    }

    /** Whether another frame waits already. */
    public boolean hasNext() {
      return !frames.isEmpty();
    }

    @Override
    public void close() {
      leave(this);
    }
  }

  public synchronized Watcher watch() {
    var watcher = new Watcher();
    watcher.frames.add(new LiveFrame.Committed(committed));
    watcher.frames.addAll(partial.frames());
    if (ended) {
      watcher.frames.add(new LiveFrame.Ended());
    }
    watchers.add(watcher);
    return watcher;
  }

  /** Shows what was just committed; whoever is not shown the events themselves reads the log. */
  public void committed(Request request, Appended appended) {
    show(
        new LiveFrame.Committed(
            appended.lastSeq(),
            isWatched() && isSmall(request) ? EventLog.stored(request, appended) : null));
  }

  private synchronized boolean isWatched() {
    return !watchers.isEmpty();
  }

  /** The input of a client's tool is the one payload that is not small. */
  private static boolean isSmall(Request request) {
    return request.characters() <= SHOWN
        && request.events().stream()
            .noneMatch(event -> event.event() instanceof SessionEvent.ClientToolCalled);
  }

  public synchronized void show(LiveFrame frame) {
    switch (frame) {
      case LiveFrame.Delta delta -> partial.add(delta);
      case LiveFrame.Committed now -> committed = Math.max(committed, now.seq());
      case LiveFrame.Ended() -> ended = true;
      case LiveFrame.Heartbeat(), LiveFrame.Unrecognized _ -> {}
    }
    watchers.removeIf(watcher -> watcher.cut);
    for (var watcher : watchers) {
      if (watcher.frames.size() < BEHIND) {
        watcher.frames.add(frame);
      } else {
        watcher.cut = true;
        watcher.frames.add(new LiveFrame.Ended());
      }
    }
  }

  private synchronized void leave(Watcher watcher) {
    watchers.remove(watcher);
  }
}
