package dev.berth.activities.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.bridge.BridgeProtocol;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * One connection of a bridge: frames in, commands out, a JSON object a line. It says something at
 * least every heartbeat and is closed when the bridge is silent for too long.
 */
public final class BridgeConnection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BridgeConnection.class);

  private final SocketChannel channel;
  private final FrameLines in;
  private final OutputStream out;
  private final ReentrantLock writing = new ReentrantLock();

  /** Lines that came with one that was read. */
  private Queue<byte[]> come = new ArrayDeque<>();

  private boolean over;

  private volatile long heard = System.nanoTime();

  public BridgeConnection(SocketChannel channel) {
    this.channel = channel;
    this.in = new FrameLines(Channels.newInputStream(channel));
    this.out = Channels.newOutputStream(channel);
  }

  /** Begins to send heartbeats, and to mind those of the bridge. */
  public void keepAlive() {
    Thread.ofVirtual().name("bridge-heartbeat").start(this::heartbeats);
  }

  /** Sends a command; false when the connection is gone, and then the bridge will dial again. */
  public boolean send(BridgeCommand command) {
    // In one write: a bridge that has half of a line can do nothing with it.
    var line = (ProtocolJson.mapper().writeValueAsString(command) + "\n").getBytes(UTF_8);
    writing.lock();
    try {
      out.write(line);
      out.flush();
      return true;
    } catch (IOException gone) {
      close();
      return false;
    } finally {
      writing.unlock();
    }
  }

  /**
   * The next frame, or null when the connection is over: closed, silent, or with a line that is not
   * a frame.
   */
  public @Nullable BridgeFrame read() {
    var frame = over ? null : next();
    over = frame == null;
    return frame;
  }

  private @Nullable BridgeFrame next() {
    try {
      if (come.isEmpty()) {
        come = in.next();
        heard = System.nanoTime();
      }
      var line = come.poll();
      return line == null ? null : ProtocolJson.mapper().readValue(line, BridgeFrame.class);
    } catch (IOException gone) {
      return null;
    } catch (JacksonException notAFrame) {
      LOG.atWarn().log("a bridge sent what is not a frame: {}", notAFrame.getOriginalMessage());
      return null;
    }
  }

  /**
   * The next frame and those that came with it, in their order; none when the connection is over.
   * What a bridge says at once is worth taking in at once.
   */
  public List<BridgeFrame> readTogether() {
    var frames = new ArrayList<BridgeFrame>();
    do {
      var frame = read();
      if (frame == null) {
        break;
      }
      frames.add(frame);
    } while (!come.isEmpty());
    return frames;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException closing) {
      LOG.atDebug().setCause(closing).log("closing a bridge connection");
    }
  }

  private void heartbeats() {
    try {
      while (channel.isOpen()) {
        Thread.sleep(BridgeProtocol.HEARTBEAT);
        if (System.nanoTime() - heard > BridgeProtocol.SILENCE.toNanos()) {
          LOG.atInfo().log("a bridge is silent; its connection is closed");
          close();
        } else {
          send(new BridgeCommand.Heartbeat());
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
