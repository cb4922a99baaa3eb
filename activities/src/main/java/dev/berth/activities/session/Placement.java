package dev.berth.activities.session;

import dev.berth.protocol.HostId;
import java.util.List;
import org.jooq.DSLContext;

/** Chooses the host of a new sandbox. */
public interface Placement {
  /**
   * @param tx the transaction that waits for the answer: with another connection beside it, as many
   *     callers as there are connections would wait for each other
   * @param avoid hosts that did not answer; one of them is chosen only when there is no other
   */
  HostId choose(DSLContext tx, List<HostId> avoid);

  /** Whether a host is there that is not this one. */
  boolean hasAnother(HostId host);
}
