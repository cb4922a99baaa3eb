package dev.berth.standalone.cli;

import java.io.PrintStream;
import tools.jackson.databind.JsonNode;

/** One frame a line. */
final class JsonView implements RunView {
  private final PrintStream out;

  JsonView(PrintStream out) {
    this.out = out;
  }

  @Override
  public void frame(JsonNode frame) {
    out.println(frame);
    out.flush();
  }

  @Override
  public void note(String text) {
    System.err.println(text);
  }
}
