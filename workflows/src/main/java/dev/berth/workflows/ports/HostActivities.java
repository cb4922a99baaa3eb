package dev.berth.workflows.ports;

import dev.berth.protocol.HostId;
import io.temporal.activity.ActivityInterface;

/** Care for one host as a whole; carried out by its worker. */
@ActivityInterface(namePrefix = "Host")
public interface HostActivities {
  /**
   * Compares the sandboxes that run on the host with those that the database knows: removes what no
   * session claims, and marks as ended what does not run any more. Then it settles the model
   * requests of dead api nodes, whatever host they came from, and removes files that closed
   * sessions left on the host, and those that have moved to another.
   */
  SweepResult sweep(SweepInput input);

  record SweepInput(HostId hostId) {}

  /**
   * @param removed sandboxes that ran and that no session claimed
   * @param missing sandboxes that should have run and did not
   */
  record SweepResult(int removed, int missing) {}
}
