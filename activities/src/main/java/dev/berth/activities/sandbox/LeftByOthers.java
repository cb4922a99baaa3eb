package dev.berth.activities.sandbox;

import dev.berth.activities.model.LostModelRequests;
import dev.berth.activities.session.LostSockets;
import dev.berth.activities.session.UnannouncedMessages;

/** What processes that died left undone, of all nodes alike; the sweep of any host does it. */
public record LeftByOthers(
    LostModelRequests requests, UnannouncedMessages messages, LostSockets sockets) {
  void settle() {
    requests.settle();
    messages.announce();
    sockets.settle();
  }
}
