package dev.berth.api.events;

import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.net.http.HttpClient;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Readers of event logs on this node. All readers of one session share one live stream of the
 * session's host.
 */
public final class SessionFeeds {
  private final DSLContext db;
  private final Function<SessionId, @Nullable String> hosts;
  private final HttpClient client;
  private final Secret credential;
  private final HostNotices notices;
  private final Map<SessionId, LiveSubscription> subscriptions = new HashMap<>();

  /**
   * @param hosts where a session's sandbox is, null while it has none
   */
  public SessionFeeds(
      DSLContext db,
      Function<SessionId, @Nullable String> hosts,
      HttpClient client,
      Secret credential,
      HostNotices notices) {
    this.db = db;
    this.hosts = hosts;
    this.client = client;
    this.credential = credential;
    this.notices = notices;
  }

  /**
   * Begins to read.
   *
   * @param after the number after which to begin
   * @param deltas whether live deltas are wanted
   */
  public SessionFeed read(SessionId session, long after, boolean deltas) {
    return new SessionFeed(db, session, after, deltas, join(session), this);
  }

  /** Something was appended by this node; its readers need not wait to be told. */
  public void wake(SessionId session) {
    LiveSubscription subscription;
    synchronized (this) {
      subscription = subscriptions.get(session);
    }
    if (subscription != null) {
      subscription.wake();
    }
  }

  void leave(SessionFeed feed, LiveSubscription subscription) {
    if (subscription.leave(feed)) {
      synchronized (this) {
        if (subscription.isUnused()) {
          subscriptions.remove(subscription.session(), subscription);
          subscription.close();
        }
      }
    }
  }

  private synchronized LiveSubscription join(SessionId session) {
    return subscriptions.computeIfAbsent(
        session, id -> new LiveSubscription(id, hosts, client, credential, notices));
  }
}
