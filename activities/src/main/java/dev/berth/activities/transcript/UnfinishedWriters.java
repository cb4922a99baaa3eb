package dev.berth.activities.transcript;

import dev.berth.protocol.SessionId;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The writers of sandboxes that ended while object storage was away. What they still hold belongs
 * before anything that the session's next sandbox writes.
 */
public final class UnfinishedWriters {
  private final Map<SessionId, TranscriptWriter> unfinished = new ConcurrentHashMap<>();

  /** Ends a writer; one that cannot store its last parts yet is kept. */
  public void end(SessionId session, TranscriptWriter writer) {
    if (!writer.end()) {
      unfinished.put(session, writer);
    }
  }

  /**
   * Whether everything that the session's earlier sandboxes wrote is stored, or is in this time.
   */
  public boolean isEmpty(SessionId session, Duration patience) {
    var writer = unfinished.get(session);
    if (writer == null) {
      return true;
    }
    var stored = writer.awaitEnd(patience);
    if (stored) {
      unfinished.remove(session, writer);
    }
    return stored;
  }
}
