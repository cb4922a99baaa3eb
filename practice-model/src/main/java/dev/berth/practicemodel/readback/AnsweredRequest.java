package dev.berth.practicemodel.readback;

import static java.util.Objects.requireNonNull;

import dev.berth.practicemodel.tokens.Usage;
import java.time.Instant;
import java.util.Map;

/**
 * One request and what became of it.
 *
 * @param id the {@code request-id} header of the answer
 * @param model empty when the request was refused before it was read
 * @param endpoint {@code messages} or {@code count_tokens}
 * @param conversation session and subagent of the Agent SDK, {@code SESSION} or {@code
 *     SESSION/AGENT}
 * @param purpose what the request was about, empty when it was not answered
 * @param usage what the answer said, or as much of it as was sent
 * @param headers those of the request that name it elsewhere
 */
public record AnsweredRequest(
    String id,
    Instant at,
    String model,
    String endpoint,
    String conversation,
    String purpose,
    Usage usage,
    Outcome outcome,
    Map<String, String> headers) {
  public AnsweredRequest {
    requireNonNull(id, "id");
    requireNonNull(at, "at");
    requireNonNull(outcome, "outcome");
    headers = Map.copyOf(headers);
  }

  /** How it ended. */
  public sealed interface Outcome {}

  /** The whole answer was written. */
  public record Completed() implements Outcome {}

  /**
   * The answer ended early.
   *
   * @param byScript or else by the client, which went away
   * @param events that were sent before
   */
  public record Cut(boolean byScript, int events) implements Outcome {}

  /** An HTTP error. */
  public record Failed(int status) implements Outcome {}
}
