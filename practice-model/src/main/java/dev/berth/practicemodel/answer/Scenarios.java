package dev.berth.practicemodel.answer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Comparator.comparingInt;

import dev.berth.practicemodel.script.Script;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The demo prompts, in the order in which they are tried. */
final class Scenarios {
  private static final String FOLDER = "/dev/berth/practicemodel/scenarios/";
  private static final int SHOWN = 3;

  private final List<Scenario> scenarios;

  private Scenarios(List<Scenario> scenarios) {
    this.scenarios = List.copyOf(scenarios);
  }

  /** Reads the files that {@code index} in the folder of the scenarios names. */
  static Scenarios load() {
    return new Scenarios(
        resource("index").lines().map(name -> Scenario.read(resource(name))).toList());
  }

  Optional<Script> scriptFor(String message, List<String> before) {
    return scenarios.stream()
        .flatMap(scenario -> scenario.scriptFor(message, before).stream())
        .findFirst();
  }

  /** What is said to a message that nothing else answers. */
  String introduction() {
    return """
    This is the practice model: no model key is configured, so nobody thinks about your message. \
    I follow scripts and know a few demo prompts. Three lines to try:

    %s

    With a key, a real model answers here.\
    """
        .formatted(
            scenarios.stream()
                .map(Scenario::prompt)
                .filter(prompt -> !prompt.isEmpty())
                .limit(SHOWN)
                .map(prompt -> "- " + prompt)
                .collect(Collectors.joining("\n")));
  }

  /** What a user could say next; the agent shows a few words only. */
  String suggestion() {
    return scenarios.stream()
        .map(Scenario::prompt)
        .filter(prompt -> !prompt.isEmpty())
        .min(comparingInt(String::length))
        .orElse("");
  }

  private static String resource(String name) {
    try (var file = Scenarios.class.getResourceAsStream(FOLDER + name)) {
      if (file == null) {
        throw new IllegalStateException("scenario: " + name + " (expected: a file in " + FOLDER);
      }
      return new String(file.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
