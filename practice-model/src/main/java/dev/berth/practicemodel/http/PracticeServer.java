package dev.berth.practicemodel.http;

import dev.berth.practicemodel.answer.ScriptedModel;
import dev.berth.practicemodel.readback.RequestLog;
import dev.berth.practicemodel.tokens.PromptCache;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The HTTP server: few platform threads for the network, a virtual thread for each answer. */
public final class PracticeServer implements AutoCloseable {
  private static final int MAX_BODY_BYTES = 32 * 1024 * 1024;
  private static final int MAX_CONNECTIONS = 4_096;
  private static final int CACHED_PREFIXES = 10_000;

  /** Longer than any pause of a script. */
  private static final int IDLE_TIMEOUT_MS = 15 * 60 * 1_000;

  /** An acceptor, a selector, and what Jetty reserves beside them. */
  private static final int NETWORK_THREADS = 8;

  private final Server server;
  private final ServerConnector connector;
  private final ExecutorService answers;

  private PracticeServer(Server server, ServerConnector connector, ExecutorService answers) {
    this.server = server;
    this.connector = connector;
    this.answers = answers;
  }

  /**
   * @throws IllegalStateException when it cannot listen there
   */
  public static PracticeServer start(String host, int port, ScriptedModel model, RequestLog log) {
    var answers =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("practice-model-", 0).factory());
    var threads = new QueuedThreadPool(NETWORK_THREADS);
    threads.setName("practice-model-net");
    threads.setVirtualThreadsExecutor(answers);
    var server = new Server(threads);
    var connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(http()));
    connector.setHost(host);
    connector.setPort(port);
    connector.setIdleTimeout(IDLE_TIMEOUT_MS);
    server.addConnector(connector);
    server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server));
    var messages =
        new MessagesEndpoint(model, new PromptCache(CACHED_PREFIXES), log, MAX_BODY_BYTES);
    server.setHandler(new PracticeHandler(messages, log));
    var started = new PracticeServer(server, connector, answers);
    started.listen(host, port);
    return started;
  }

  public URI baseUrl() {
    var host =
        connector.getHost().contains(":") ? "[" + connector.getHost() + "]" : connector.getHost();
    return URI.create("http://" + host + ":" + connector.getLocalPort());
  }

  @Override
  public void close() {
    try {
      // First, so that no connection looks for a thread that is no more.
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("practice model: did not stop", e);
    } finally {
      answers.shutdownNow();
    }
  }

  private void listen(String host, int port) {
    try {
      server.start();
    } catch (Exception e) {
      answers.shutdownNow();
      throw new IllegalStateException(
          "practice model: %s port %d (expected: an address to listen on)".formatted(host, port),
          e);
    }
  }

  private static HttpConfiguration http() {
    var http = new HttpConfiguration();
    http.setSendServerVersion(false);
    return http;
  }
}
