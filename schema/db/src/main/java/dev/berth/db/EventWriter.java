package dev.berth.db;

/** In whose name events are written; the database refuses names that have been replaced. */
public sealed interface EventWriter {
  /** Parts that no sandbox speaks through: the api, the workflow's own activities. */
  record Platform() implements EventWriter {}

  /** An activity that acts for the sandbox of an epoch. */
  record Sandbox(int epoch) implements EventWriter {}

  /** A worker that holds the bridge of the sandbox of an epoch. */
  record Attachment(int epoch, int attachment) implements EventWriter {}

  EventWriter PLATFORM = new Platform();
}
