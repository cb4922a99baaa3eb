package dev.berth.activities.session;

import dev.berth.protocol.HostId;
import java.util.List;

/** Chooses the host of a new sandbox. */
public interface Placement {
  /**
   * @param avoid hosts that did not answer; one of them is chosen only when there is no other
   */
  HostId choose(List<HostId> avoid);

  /** Whether a host is there that is not this one. */
  boolean hasAnother(HostId host);
}
