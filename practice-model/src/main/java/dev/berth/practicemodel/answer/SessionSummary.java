package dev.berth.practicemodel.answer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a conversation is compacted to: enough to remember the user's words and to go on with a
 * script. Texts are JSON strings of one line, so that they can be read back.
 *
 * @param said messages of the user, oldest first, without the unfinished one
 * @param unfinished the message whose script is under way, with what was added to it
 * @param roundsDone how many of its rounds are done
 */
record SessionSummary(List<String> said, Optional<String> unfinished, int roundsDone) {
  private static final int MAX_MESSAGES = 50;
  private static final int MAX_CHARACTERS = 2_000;
  private static final String SAID = "- User: ";
  private static final String UNFINISHED = "- Unfinished: ";
  private static final String ROUNDS_DONE = "- Rounds done: ";
  private static final JsonMapper JSON = JsonMapper.shared();

  SessionSummary {
    said = List.copyOf(said);
  }

  String write() {
    var lines = new ArrayList<String>();
    lines.add("<summary>");
    lines.add("The practice model keeps this of the conversation:");
    said.stream()
        .skip(Math.max(0, said.size() - MAX_MESSAGES))
        .map(text -> SAID + quoted(text.substring(0, Math.min(text.length(), MAX_CHARACTERS))))
        .forEach(lines::add);
    unfinished.ifPresent(text -> {
      lines.add(ROUNDS_DONE + roundsDone);
      lines.add(UNFINISHED + quoted(text));
    });
    lines.add("</summary>");
    return String.join("\n", lines);
  }

  static SessionSummary read(String text) {
    var said = new ArrayList<String>();
    var unfinished = Optional.<String>empty();
    var roundsDone = 0;
    for (var line : text.lines().toList()) {
      if (line.startsWith(SAID)) {
        unquoted(line.substring(SAID.length())).ifPresent(said::add);
      } else if (line.startsWith(UNFINISHED)) {
        unfinished = unquoted(line.substring(UNFINISHED.length()));
      } else if (line.matches(ROUNDS_DONE + "\\d{1,9}")) {
        roundsDone = Integer.parseInt(line.substring(ROUNDS_DONE.length()));
      }
    }
    return new SessionSummary(said, unfinished, roundsDone);
  }

  /** Without {@code <}, because the agent looks for tags in a summary. */
  private static String quoted(String text) {
    return JSON.writeValueAsString(text).replace("<", "\\u003c");
  }

  private static Optional<String> unquoted(String json) {
    try {
      return Optional.of(JSON.readValue(json, String.class));
    } catch (JacksonException e) {
      return Optional.empty();
    }
  }
}
