package dev.berth.protocol.event;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * In the place of the oldest events of a session, which are not kept any more: what a reader gets
 * whose cursor lies before the first one that is. It is not an event of the log and has no number.
 *
 * @param firstSeq number of the first event that is kept; the reader gets it next
 * @param snapshot what the session had come to right before it
 */
public record LogTruncated(@JsonProperty("first_seq") long firstSeq, LogSnapshot snapshot) {
  /** Its name among the events of a stream. */
  public static final String TYPE = "log.truncated";

  public LogTruncated {
    requireNonNull(snapshot, "snapshot");
  }

  /** The cursor of a reader that has it. */
  public long cutSeq() {
    return firstSeq - 1;
  }
}
