package dev.berth.activities.model;

import dev.berth.protocol.SandboxId;
import dev.berth.protocol.bridge.BridgeProtocol;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets of the sandboxes' doors that speak HTTP: the way to the model gateway, and the way
 * out, which is closed.
 */
public final class HttpDoors implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpDoors.class);

  private final Server server;
  private final Map<SandboxId, Doors> doors = new ConcurrentHashMap<>();

  private record Doors(UnixDomainServerConnector model, UnixDomainServerConnector egress) {}

  public HttpDoors(GatewayAddresses addresses, GatewayCredentials credentials) {
    var threads = new QueuedThreadPool();
    threads.setName("door");
    threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
    this.server = new Server(threads);
    server.setHandler(
        new Handler.Sequence(new ClosedEgress(), new ModelProxy(addresses, credentials)));
    try {
      server.start();
    } catch (Exception failed) {
      throw new IllegalStateException("the doors cannot be opened", failed);
    }
  }

  /**
   * Opens the doors of a sandbox.
   *
   * @param folder where the sockets go; those that a worker left behind are replaced
   * @param owner user id that may connect
   */
  public void open(ModelCaller caller, Path folder, int owner) {
    var model = connector(ModelProxy.NAME, folder.resolve(BridgeProtocol.MODEL_SOCKET));
    var egress = connector(ClosedEgress.NAME, folder.resolve(BridgeProtocol.EGRESS_SOCKET));
    model.addBean(caller);
    try {
      for (var connector : new UnixDomainServerConnector[] {model, egress}) {
        Files.deleteIfExists(connector.getUnixDomainPath());
        server.addConnector(connector);
        connector.start();
        Files.setAttribute(connector.getUnixDomainPath(), "unix:uid", owner);
      }
    } catch (Exception failed) {
      throw new IllegalStateException("cannot open the doors in " + folder, failed);
    }
    doors.put(caller.sandbox(), new Doors(model, egress));
  }

  public void close(SandboxId sandbox) {
    var open = doors.remove(sandbox);
    if (open != null) {
      stop(open.model());
      stop(open.egress());
    }
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception failed) {
      LOG.atWarn().setCause(failed).log("closing the doors");
    }
  }

  private UnixDomainServerConnector connector(String name, Path socket) {
    var configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(false);
    var connector =
        new UnixDomainServerConnector(server, 0, 1, new HttpConnectionFactory(configuration));
    connector.setName(name);
    connector.setUnixDomainPath(socket);
    connector.setIdleTimeout(ModelProxy.IDLE.toMillis());
    return connector;
  }

  private void stop(UnixDomainServerConnector connector) {
    try {
      connector.stop();
      Files.deleteIfExists(connector.getUnixDomainPath());
    } catch (Exception failed) {
      LOG.atDebug().setCause(failed).log("closing a door");
    } finally {
      server.removeConnector(connector);
    }
  }
}
