package dev.berth.workflows.ports;

import dev.berth.protocol.HostId;
import io.temporal.activity.ActivityInterface;

/** Care for one host as a whole; carried out by its worker. */
@ActivityInterface(namePrefix = "Host")
public interface HostActivities {
  /**
   * Compares the sandboxes that run on the host, their sockets and their files with those that the
   * database knows: removes what no session claims, and marks as ended what does not run any more.
   * Then it settles the model requests of dead api nodes, announces messages that their sessions
   * have not heard of, and tells sessions which sockets died with their api nodes, whatever host
   * they came from.
   */
  SweepResult sweep(SweepInput input);

  record SweepInput(HostId hostId) {}

  /**
   * @param removed sandboxes that ran and that no session claimed
   * @param missing sandboxes that should have run and did not
   * @param sockets folders of sockets whose sandbox had ended
   * @param workspaces folders of files that belonged to no session any more
   */
  record SweepResult(int removed, int missing, int sockets, int workspaces) {}
}
