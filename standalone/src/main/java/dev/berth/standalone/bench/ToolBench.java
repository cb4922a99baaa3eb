package dev.berth.standalone.bench;

import dev.berth.practicemodel.PracticeModel;
import dev.berth.standalone.client.EndUserToken;
import dev.berth.standalone.setup.Project;
import dev.berth.standalone.setup.ScratchPlatform;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/**
 * What Berth adds to a tool call. The model asks for many calls in one answer, and the agent makes
 * them one after the other: from one result to the next is the time of one call, with its gates,
 * and without the model. What is on the way of a result to whoever looks is in each of them, and so
 * in none of the differences.
 *
 * <p>Two bare agents have the same image, limits and calls. One has no hooks; the other one has
 * hooks that say nothing, as any program has that wants to know of a call before it runs. From the
 * first to the second is what the Agent SDK takes to ask, from the second to Berth what Berth does
 * with the answer, of which the wait for the journal's commit is the largest part.
 */
public final class ToolBench {
  private static final int WARM_UP_ROUNDS = 3;
  private static final int CALLS = 21;
  private static final long THINK_MS = 200;

  private final Project project;
  private final String image;
  private final int rounds;
  private final PrintStream progress;

  /** A tool, and how the call of a round and a number is asked for. */
  private enum Tool {
    /** Runs in the agent itself, so nearly all of its time is the gates'. */
    WRITE {
      @Override
      String call(int round, int number) {
        return "tool Write {\"file_path\": \"/workspace/project/%d-%d\", \"content\": \"x\"}"
            .formatted(round, number);
      }
    },
    /** A shell for each call, which asks for its operation id. */
    BASH {
      @Override
      String call(int round, int number) {
        return "bash echo %d-%d >> effects".formatted(round, number);
      }
    };

    abstract String call(int round, int number);

    String prompt(int round) {
      return IntStream.range(0, CALLS)
          .mapToObj(number -> "  " + call(round, number))
          .collect(Collectors.joining("\n", "parallel:\n", "\nsay done"));
    }
  }

  /** Somebody who calls tools; gives the messages of its agent one by one. */
  private interface Caller {
    void say(String prompt);

    JsonNode next() throws InterruptedException;
  }

  /**
   * @param image of the sandboxes, and of the bare agent
   */
  public ToolBench(Project project, String image, int rounds, PrintStream progress) {
    this.project = project;
    this.image = image;
    this.rounds = rounds;
    this.progress = progress;
  }

  public ToolReport run() throws InterruptedException {
    try (var platform =
            ScratchPlatform.start(project, "bench", image, List.of(), Map.of(), Map.of());
        var model = PracticeModel.start(BareAgent.hostAddress(), 0);
        var bare = BareAgent.start(image, model.baseUrl().toString());
        var hooked = BareAgent.startWithHooks(image, model.baseUrl().toString());
        var berth =
            BerthAgent.start(
                platform.connection(), EndUserToken.of("bench").mint(platform.connection()))) {
      var bareTimes = Times.of(caller(bare));
      var hookedTimes = Times.of(caller(hooked));
      var berthTimes = Times.of(caller(berth));
      var order = new ArrayList<>(List.of(bareTimes, hookedTimes, berthTimes));
      for (var round = 1; round <= WARM_UP_ROUNDS + rounds; round++) {
        progress.printf("… round %d of %d%n", round, WARM_UP_ROUNDS + rounds);
        // In turn, so that what slows the machine slows all.
        Collections.rotate(order, 1);
        for (var tool : Tool.values()) {
          for (var times : order) {
            var samples = round > WARM_UP_ROUNDS ? times.of(tool) : new Samples();
            measure(times.caller(), tool, round, samples);
          }
        }
      }
      return new ToolReport(
          rounds, bareTimes.summary(), hookedTimes.summary(), berthTimes.summary());
    }
  }

  /** One agent's. */
  private record Times(Caller caller, Samples write, Samples bash) {
    static Times of(Caller caller) {
      return new Times(caller, new Samples(), new Samples());
    }

    Samples of(Tool tool) {
      return switch (tool) {
        case WRITE -> write;
        case BASH -> bash;
      };
    }

    ToolReport.Calls summary() {
      return new ToolReport.Calls(write.summary(), bash.summary());
    }
  }

  private static void measure(Caller caller, Tool tool, int round, Samples samples)
      throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(THINK_MS);
    caller.say(tool.prompt(round));
    var results = 0;
    var last = 0L;
    while (true) {
      var message = caller.next();
      var now = System.nanoTime();
      if (isResult(message)) {
        if (results++ > 0) {
          samples.add((now - last) / 1e6);
        }
        last = now;
      } else if (message.path("type").asString("").equals("result")) {
        if (results != CALLS) {
          throw new IllegalStateException(
              "%d results came (expected: %d, one a call)".formatted(results, CALLS));
        }
        return;
      }
    }
  }

  private static boolean isResult(JsonNode message) {
    return message.path("type").asString("").equals("user")
        && message
            .path("message")
            .path("content")
            .valueStream()
            .anyMatch(block -> block.path("type").asString("").equals("tool_result"));
  }

  private static Caller caller(BareAgent agent) {
    return new Caller() {
      @Override
      public void say(String prompt) {
        // One prompt is one line of the bare agent's input.
        agent.say(prompt.replace("\n", "\\n"));
      }

      @Override
      public JsonNode next() {
        return agent.next();
      }
    };
  }

  private static Caller caller(BerthAgent agent) {
    return new Caller() {
      @Override
      public void say(String prompt) {
        agent.say(prompt);
      }

      @Override
      public JsonNode next() throws InterruptedException {
        return agent.next();
      }
    };
  }
}
