package dev.berth.practicemodel.tokens;

import java.util.LinkedHashMap;
import java.util.Map;

/** A map that forgets what was not used for longest; not safe for use by several threads. */
public final class RecentMap<K, V> extends LinkedHashMap<K, V> {
  private static final long serialVersionUID = 1L;

  private final int capacity;

  public RecentMap(int capacity) {
    super(16, 0.75f, true);
    this.capacity = capacity;
  }

  @Override
  protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
    return size() > capacity;
  }
}
