package dev.berth.practicemodel.script;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One line of a script, or one block of lines, after parsing. */
public sealed interface Step {

  /** Something that the answer says or thinks. */
  sealed interface Speech extends Step {}

  /** Text; {@code {{result}}} stands for what the last tools returned. */
  record Say(String text) implements Speech {}

  /** A thinking block; it is left out where the request asks for no thinking. */
  record Think(String text) implements Speech {}

  /** Text of exactly so many tokens. */
  record Filler(int tokens) implements Speech {}

  /** The first lines of the earlier messages of the user. */
  record Recall() implements Speech {}

  /** One tool call. */
  sealed interface Call extends Step {}

  record Bash(String command, boolean background) implements Call {}

  record Write(String path, String content) implements Call {}

  record Read(String path) implements Call {}

  record Edit(String path, String before, String after) implements Call {}

  /** Any tool by its name, client-side and MCP tools included. */
  record Tool(String name, JsonNode input) implements Call {}

  /** A subagent; {@code script} is its prompt. */
  record Task(String description, @Nullable String agent, String script, boolean background)
      implements Call {}

  /** Several calls in one answer. */
  record Parallel(List<Call> calls) implements Step {
    public Parallel {
      calls = List.copyOf(calls);
    }
  }

  /** An answer that is a JSON value. */
  record Structured(JsonNode value) implements Step {}

  /** The model refuses, and goes on refusing. */
  record Refuse(String text) implements Step {}

  /** Shapes the next answer instead of being one. */
  sealed interface Condition extends Step {}

  record Wait(Duration delay) implements Condition {}

  record Slow(Duration perToken) implements Condition {}

  /** Spoils the next answer so many times; {@link #ALWAYS} never ends. */
  sealed interface Fault extends Condition {
    int ALWAYS = Integer.MAX_VALUE;

    int times();
  }

  record Fail(int status, int times) implements Fault {}

  record Cut(int events, int times) implements Fault {}

  record Stall(int events, Duration duration, int times) implements Fault {}

  /** The lines of {@code body} over and over; always the last step of its script. */
  record Forever(List<String> body) implements Step {
    public Forever {
      body = List.copyOf(body);
    }
  }
}
