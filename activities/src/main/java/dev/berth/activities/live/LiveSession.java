package dev.berth.activities.live;

/** A session that lives on this host, as api nodes see it. */
public interface LiveSession {
  LiveChannel live();

  /** Hands answers of clients that lie in the database to the agent, each once a connection. */
  void deliverToolResults();
}
