package dev.berth.activities.bridge;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.bridge.BridgeProtocol;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
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
  private final InputStream in;
  private final OutputStream out;
  private final ReentrantLock writing = new ReentrantLock();
  private volatile long heard = System.nanoTime();

  public BridgeConnection(SocketChannel channel) {
    this.channel = channel;
    this.in = new BufferedInputStream(Channels.newInputStream(channel), 64 * 1024);
    this.out = Channels.newOutputStream(channel);
  }

  /** Begins to send heartbeats, and to mind those of the bridge. */
  public void keepAlive() {
    Thread.ofVirtual().name("bridge-heartbeat").start(this::heartbeats);
  }

  /** Sends a command; false when the connection is gone, and then the bridge will dial again. */
  public boolean send(BridgeCommand command) {
    var line = ProtocolJson.mapper().writeValueAsBytes(command);
    writing.lock();
    try {
      out.write(line);
      out.write('\n');
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
    try {
      var line = line();
      heard = System.nanoTime();
      return line == null ? null : ProtocolJson.mapper().readValue(line, BridgeFrame.class);
    } catch (IOException gone) {
      return null;
    } catch (JacksonException notAFrame) {
      LOG.atWarn().log("a bridge sent what is not a frame: {}", notAFrame.getOriginalMessage());
      return null;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException closing) {
      LOG.atDebug().setCause(closing).log("closing a bridge connection");
    }
  }

  private byte @Nullable [] line() throws IOException {
    var line = new ByteArrayOutputStream(512);
    while (true) {
      var next = in.read();
      if (next < 0) {
        return null;
      }
      if (next == '\n') {
        return line.toByteArray();
      }
      line.write(next);
      if (line.size() > BridgeProtocol.MAX_LINE_BYTES) {
        throw new IOException("a line of more than " + BridgeProtocol.MAX_LINE_BYTES + " bytes");
      }
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
