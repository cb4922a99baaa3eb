package dev.berth.standalone.chaos;

import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * What a call does to the effects, by its input. Each line of a {@link Reference} begins with a
 * word that no other one of its lines begins with, and that word stands in the input of its call:
 * so a line says whose it is, whatever id the call has when the model asks for it again.
 */
sealed interface Effect {
  Pattern APPENDED = Pattern.compile("\\becho (\\S+)[^;&|\\n]*>> effects");

  /** The call leaves one line. */
  record Own(String word) implements Effect {}

  /** The call has a subagent leave them, by calls of its own. */
  record Delegated(Set<String> words) implements Effect {
    public Delegated {
      words = Set.copyOf(words);
    }
  }

  record None() implements Effect {}

  /** The call's input is nowhere: its bridge died between the call's start and its message. */
  record Untold() implements Effect {}

  /**
   * @param input of a command, a subagent, the client's own tool, or any other
   */
  static Effect of(JsonNode input) {
    if (input.path("line").isString()) {
      return new Own(word(input.path("line").asString()));
    }
    var delegated = words(input.path("prompt").asString(""));
    if (!delegated.isEmpty()) {
      return new Delegated(delegated);
    }
    return words(input.path("command").asString("")).stream()
        .findFirst()
        .<Effect>map(Own::new)
        .orElseGet(None::new);
  }

  /** By what a line is recognised. */
  static String word(String line) {
    return line.strip().split(" ", 2)[0];
  }

  private static Set<String> words(String script) {
    return APPENDED
        .matcher(script)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }
}
