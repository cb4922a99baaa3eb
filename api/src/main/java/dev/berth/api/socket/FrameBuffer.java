package dev.berth.api.socket;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Puts the frames of one socket together from their parts. A frame has a bound, and so have all
 * half-received frames of the node together.
 */
final class FrameBuffer {
  /** How many times too large a frame may be before its sender is cut without a word heard. */
  private static final int PATIENCE = 8;

  private final long maxFrame;
  private final long maxBuffered;
  private final AtomicLong buffered;
  private final StringBuilder parts = new StringBuilder();
  private long bytes;
  private long discarded;

  /**
   * @param buffered bytes in all buffers of the node
   */
  FrameBuffer(DataSize maxFrame, DataSize maxBuffered, AtomicLong buffered) {
    this.maxFrame = maxFrame.toBytes();
    this.maxBuffered = maxBuffered.toBytes();
    this.buffered = buffered;
  }

  /**
   * Adds a part; gives the whole frame with the last one. A frame that is too large is read to its
   * end, and dropped, before it is refused: a client that is still sending would not see why.
   */
  @Nullable String add(String part, int partBytes, boolean last) {
    if (discarded > 0 || bytes + partBytes > maxFrame) {
      discarded += bytes + partBytes;
      clear();
      if (last || discarded > maxFrame * PATIENCE) {
        discarded = 0;
        throw new ProblemException(
            ProblemType.INVALID_REQUEST,
            "Invalid frame: it has more than %d MiB; send less at once."
                .formatted(maxFrame / (1024 * 1024)));
      }
      return null;
    }
    if (last && bytes == 0) {
      return part;
    }
    if (buffered.addAndGet(partBytes) > maxBuffered) {
      bytes += partBytes;
      clear();
      throw new ProblemException(
          ProblemType.RATE_LIMITED,
          "Rate limit: too much is being uploaded to this server at once; try again later.");
    }
    bytes += partBytes;
    parts.append(part);
    if (!last) {
      return null;
    }
    var whole = parts.toString();
    clear();
    return whole;
  }

  void clear() {
    buffered.addAndGet(-bytes);
    bytes = 0;
    parts.setLength(0);
    parts.trimToSize();
  }
}
