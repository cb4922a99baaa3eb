package dev.berth.api.events;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.event.LiveFrame;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** The live stream of one session, from whichever host has its sandbox, for the readers here. */
final class LiveSubscription {
  private static final Logger LOG = LoggerFactory.getLogger(LiveSubscription.class);

  private static final Duration CONNECT = Duration.ofSeconds(5);

  /** Between two looks for a host, unless a notice comes before. */
  private static final Duration LOOK = Duration.ofMillis(500);

  private final SessionId session;
  private final Function<SessionId, @Nullable String> hosts;
  private final HttpClient client;
  private final Secret credential;
  private final HostNotices notices;
  private final List<SessionFeed> feeds = new CopyOnWriteArrayList<>();
  private final Thread reader;
  private final Epochs epochs = new Epochs();
  private final Semaphore hostNotice = new Semaphore(0);
  private final Runnable noticed = hostNotice::release;
  private volatile boolean connected;
  private volatile boolean closed;

  LiveSubscription(
      SessionId session,
      Function<SessionId, @Nullable String> hosts,
      HttpClient client,
      Secret credential,
      HostNotices notices) {
    this.session = session;
    this.hosts = hosts;
    this.client = client;
    this.credential = credential;
    this.notices = notices;
    notices.register(session, noticed);
    this.reader = Thread.ofVirtual().name("live " + session).start(this::follow);
  }

  SessionId session() {
    return session;
  }

  boolean isConnected() {
    return connected;
  }

  boolean isUnused() {
    return feeds.isEmpty();
  }

  void join(SessionFeed feed) {
    feeds.add(feed);
  }

  /** Gives true when that was the last one. */
  boolean leave(SessionFeed feed) {
    feeds.remove(feed);
    return feeds.isEmpty();
  }

  /** Has the readers look at the log. */
  void wake() {
    feeds.forEach(feed -> feed.offer(new LiveFrame.Heartbeat()));
  }

  void close() {
    closed = true;
    notices.unregister(session, noticed);
    reader.interrupt();
  }

  private void follow() {
    try {
      while (!closed) {
        hostNotice.drainPermits();
        var host = host();
        if (host == null || !stream(host)) {
          var _ = hostNotice.tryAcquire(LOOK.toMillis(), TimeUnit.MILLISECONDS);
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Where the session's sandbox is, as far as the database says now. */
  private @Nullable String host() {
    try {
      return hosts.apply(session);
    } catch (DataAccessException away) {
      LOG.atDebug().log("the host of {} is not known: {}", session, away.getMessage());
      return null;
    }
  }

  /** Reads the stream for as long as it lasts; gives false when there was none. */
  private boolean stream(String host) throws InterruptedException {
    var request =
        HttpRequest.newBuilder(URI.create(host).resolve("/internal/sessions/" + session + "/live"))
            .timeout(CONNECT)
            .header("Authorization", "Bearer " + credential.value())
            .GET()
            .build();
    try {
      var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (var lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        if (response.statusCode() != 200) {
          return false;
        }
        connected = true;
        for (var line = lines.readLine(); line != null && !closed; line = lines.readLine()) {
          show(ProtocolJson.mapper().readValue(line, LiveFrame.class));
        }
      }
      return true;
    } catch (IOException | JacksonException gone) {
      LOG.atDebug().log("the live stream of {} is down: {}", session, gone.toString());
      return false;
    } finally {
      connected = false;
      wake();
    }
  }

  private void show(LiveFrame frame) {
    if (frame instanceof LiveFrame.Heartbeat) {
      return;
    }
    if (!(frame instanceof LiveFrame.Delta delta) || epochs.admits(delta)) {
      feeds.forEach(feed -> feed.offer(frame));
    }
  }

  /** Deltas of a sandbox or worker that has been replaced are dropped. */
  private static final class Epochs {
    private int epoch;
    private int attachment;

    boolean admits(LiveFrame.Delta delta) {
      if (delta.epoch() < epoch || (delta.epoch() == epoch && delta.attachment() < attachment)) {
        return false;
      }
      epoch = delta.epoch();
      attachment = delta.attachment();
      return true;
    }
  }
}
