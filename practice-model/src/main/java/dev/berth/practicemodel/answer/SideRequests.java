package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Blocks;
import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.script.Script;
import dev.berth.practicemodel.script.ScriptProblem;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers what the Agent SDK asks for itself, beside the conversation. Such a request often quotes
 * the user's script, which must not run by that.
 *
 * <p>Source: seen on the wire of Agent SDK 0.3.330; the tests with the real agent notice when they
 * change.
 */
final class SideRequests {
  private static final int TITLE_WORDS = 5;
  private static final JsonMapper JSON = JsonMapper.shared();

  private final Scenarios scenarios;
  private final PlaceFinder places;

  SideRequests(Scenarios scenarios, PlaceFinder places) {
    this.scenarios = scenarios;
    this.places = places;
  }

  Optional<Side> answer(MessagesRequest request) {
    var last = request.conversation().lastText();
    if (last.startsWith("<session>")) {
      return side(Purpose.TITLE, title(last));
    }
    if (last.startsWith("CRITICAL: Respond with TEXT ONLY")) {
      return side(Purpose.COMPACTION, summary(request).write());
    }
    if (last.startsWith("[SUGGESTION MODE")) {
      return side(Purpose.SUGGESTION, scenarios.suggestion());
    }
    if (last.startsWith("Describe your most recent action")) {
      return side(Purpose.PROGRESS, "Following the practice script");
    }
    if (last.startsWith("Perform a web search for the query")) {
      return side(Purpose.WEB, "No results: the practice model does not search the web.");
    }
    if (last.startsWith("Web page content:")) {
      return side(Purpose.WEB, "The page was fetched; the practice model does not read it.");
    }
    if (request.maxTokens() == 1) {
      return side(Purpose.PROBE, "ok");
    }
    var system = system(request);
    if (system.contains("You are a security monitor for autonomous AI coding agents")) {
      return side(Purpose.SAFETY, "<block>no</block>");
    }
    if (!request.offersTools() && !hasScript(last)) {
      return request
          .outputSchema()
          .map(schema -> new Side(Purpose.STRUCTURED, SchemaSample.of(schema).toString()));
    }
    return Optional.empty();
  }

  private static Optional<Side> side(Purpose purpose, String text) {
    return Optional.of(new Side(purpose, text));
  }

  private static String title(String text) {
    var words =
        text.replaceFirst("<session>", "").strip().lines().findFirst().orElse("").split("\\s+");
    var title = Arrays.stream(words).limit(TITLE_WORDS).collect(Collectors.joining(" "));
    return JSON.writeValueAsString(JSON.createObjectNode().put("title", title));
  }

  /** The last moment is the demand for the summary itself. */
  private SessionSummary summary(MessagesRequest request) {
    var moments = request.conversation().moments();
    var earlier = moments.subList(0, Math.max(0, moments.size() - 1));
    var place = places.find(earlier);
    return place.next().isPresent()
        ? new SessionSummary(place.before(), Optional.of(place.prompt()), place.done())
        : new SessionSummary(PlaceFinder.userTexts(earlier), Optional.empty(), 0);
  }

  private static boolean hasScript(String text) {
    try {
      return Script.in(text).isPresent();
    } catch (ScriptProblem problem) {
      return true;
    }
  }

  private static String system(MessagesRequest request) {
    return Blocks.of(request.body().path("system")).stream()
        .map(block -> block.path("text").asString(""))
        .collect(Collectors.joining("\n"));
  }

  /** A short answer on the side. */
  record Side(Purpose purpose, String text) {}
}
