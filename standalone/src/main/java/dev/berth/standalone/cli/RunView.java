package dev.berth.standalone.cli;

import tools.jackson.databind.JsonNode;

/** Shows what a socket says during a run. */
interface RunView {
  /** A frame of the socket, of whatever kind. */
  void frame(JsonNode frame);

  /** Something that the program itself has to say. */
  void note(String text);
}
