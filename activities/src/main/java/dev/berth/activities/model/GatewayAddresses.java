package dev.berth.activities.model;

import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Which api node to ask: the same one until it fails, then the next. */
public final class GatewayAddresses {
  private final List<URI> urls;
  private final AtomicInteger current = new AtomicInteger();

  public GatewayAddresses(List<URI> urls) {
    if (urls.isEmpty()) {
      throw new IllegalArgumentException("gateway.urls: [] (expected: at least one address)");
    }
    this.urls = List.copyOf(urls);
  }

  public URI current() {
    return urls.get(Math.floorMod(current.get(), urls.size()));
  }

  /** Moves on, unless somebody has already. */
  public void failed(URI address) {
    var at = current.get();
    if (urls.get(Math.floorMod(at, urls.size())).equals(address)) {
      current.compareAndSet(at, at + 1);
    }
  }
}
