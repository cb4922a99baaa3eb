package dev.berth.standalone.cli;

import dev.berth.standalone.platform.Connection;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * What a person sees: text as it arrives, a line for each tool call and its outcome, the account.
 */
final class TerminalView implements RunView {
  private static final int LINE = 110;

  private final PrintStream out;
  private final Connection connection;
  private final Set<String> streamed = new HashSet<>();
  private String streaming = "";
  private String session = "";
  private boolean midLine;

  /** Whether text of a message was shown that has not ended; a lost sandbox leaves it so. */
  private boolean unfinished;

  TerminalView(PrintStream out, Connection connection) {
    this.out = out;
    this.connection = connection;
  }

  @Override
  public void frame(JsonNode frame) {
    switch (frame.path("type").asString("")) {
      case "stream_event" -> delta(frame.path("event"));
      case "assistant" -> assistant(frame.path("message"));
      case "user" -> toolResults(frame.path("message").path("content"));
      case "result" -> result(frame);
      case "control" -> control(frame.path("payload"));
      case "error" -> line("✘ " + frame.path("payload").path("message").asString("refused"));
      default -> {}
    }
    out.flush();
  }

  @Override
  public void note(String text) {
    line(text);
    out.flush();
  }

  private void control(JsonNode payload) {
    if (payload.path("action").asString("").equals("session_info")) {
      session = payload.path("data").path("sessionId").asString("");
      line(
          "● session %s, model %s"
              .formatted(session, payload.path("data").path("model").asString("?")));
    }
  }

  private void delta(JsonNode event) {
    switch (event.path("type").asString("")) {
      case "message_start" -> {
        if (unfinished) {
          line("  ⎿ cut off; it comes again:");
        }
        unfinished = false;
        streaming = event.path("message").path("id").asString("");
      }
      case "message_stop" -> unfinished = false;
      case "content_block_delta" -> {
        var text = event.path("delta").path("text");
        if (text.isString()) {
          streamed.add(streaming);
          unfinished = true;
          out.print(text.asString());
          midLine = !text.asString().endsWith("\n");
        }
      }
      default -> {}
    }
  }

  private void assistant(JsonNode message) {
    for (var block : message.path("content")) {
      switch (block.path("type").asString("")) {
        case "text" -> {
          if (!streamed.contains(message.path("id").asString(""))) {
            line(block.path("text").asString(""));
          }
        }
        case "tool_use" ->
            line("⏺ %s %s".formatted(block.path("name").asString("?"), input(block.path("input"))));
        default -> {}
      }
    }
  }

  private void toolResults(JsonNode content) {
    for (var block : content) {
      if (block.path("type").asString("").equals("tool_result")) {
        var mark = block.path("is_error").asBoolean(false) ? "✘" : "⎿";
        line("  %s %s".formatted(mark, outcome(block.path("content"))));
      }
    }
  }

  private void result(JsonNode result) {
    var usage = result.path("usage");
    line("");
    line(
        "%s %s · %d model calls · %.1f s · %d tokens in, %d out · $%s in this session"
            .formatted(
                result.path("is_error").asBoolean(false) ? "✘" : "✔",
                result.path("subtype").asString("?"),
                result.path("num_turns").asInt(0),
                result.path("duration_ms").asLong(0) / 1000.0,
                usage.path("input_tokens").asLong(0)
                    + usage.path("cache_read_input_tokens").asLong(0)
                    + usage.path("cache_creation_input_tokens").asLong(0),
                usage.path("output_tokens").asLong(0),
                result.path("total_cost_usd").asString("0")));
    result.path("errors").forEach(error -> line("  " + error.asString("")));
    line("  session      " + session);
    line("  in Temporal  " + connection.temporalUiOf(session));
    line("  go on with   ./berth run --session %s \"…\"".formatted(session));
  }

  private static String input(JsonNode input) {
    for (var name : new String[] {"command", "file_path", "pattern", "path", "url", "prompt"}) {
      if (input.path(name).isString()) {
        return shortened(input.path(name).asString());
      }
    }
    return shortened(input.toString());
  }

  private static String outcome(JsonNode content) {
    if (content.isString()) {
      return shortened(content.asString());
    }
    var text = new StringBuilder();
    for (var item : content) {
      text.append(item.path("text").asString("[" + item.path("type").asString("?") + "]"))
          .append('\n');
    }
    return shortened(text.toString());
  }

  private static String shortened(String text) {
    var lines = text.strip().lines().toList();
    var first = lines.isEmpty() ? "(nothing)" : lines.getFirst();
    var cut = first.length() > LINE ? first.substring(0, LINE) + "…" : first;
    return lines.size() > 1 ? "%s … (%d lines)".formatted(cut, lines.size()) : cut;
  }

  private void line(String text) {
    if (midLine) {
      out.println();
      midLine = false;
    }
    out.println(text);
  }
}
