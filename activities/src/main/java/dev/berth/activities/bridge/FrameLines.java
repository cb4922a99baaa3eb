package dev.berth.activities.bridge;

import dev.berth.protocol.bridge.BridgeProtocol;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Queue;

/** Cuts what a bridge says into lines, as many at a time as have come whole. */
final class FrameLines {
  private final InputStream in;
  private final byte[] chunk = new byte[64 * 1024];
  private ByteArrayOutputStream begun = new ByteArrayOutputStream(512);

  FrameLines(InputStream in) {
    this.in = in;
  }

  /**
   * Waits for a whole line.
   *
   * @return it and those that came with it; none when the bridge says no more
   */
  Queue<byte[]> next() throws IOException {
    var lines = new ArrayDeque<byte[]>();
    while (lines.isEmpty()) {
      var read = in.read(chunk);
      if (read < 0) {
        return lines;
      }
      var from = 0;
      for (var at = 0; at < read; at++) {
        if (chunk[at] == '\n') {
          lines.add(line(from, at));
          from = at + 1;
        }
      }
      begin(from, read);
    }
    return lines;
  }

  private byte[] line(int from, int to) throws IOException {
    begin(from, to);
    var line = begun.toByteArray();
    begun = new ByteArrayOutputStream(512);
    return line;
  }

  private void begin(int from, int to) throws IOException {
    if (begun.size() + (to - from) > BridgeProtocol.MAX_LINE_BYTES) {
      throw new IOException("a line of more than " + BridgeProtocol.MAX_LINE_BYTES + " bytes");
    }
    begun.write(chunk, from, to - from);
  }
}
