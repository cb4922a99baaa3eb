package dev.berth.standalone.chaos;

import dev.berth.standalone.chaos.Effect.Untold;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** What must hold of a session's log, whatever was killed. */
final class Oracle {
  static final Set<String> ENDS =
      Set.of("turn.completed", "turn.interrupted", "turn.failed", "message.withdrawn");

  private final List<String> findings = new ArrayList<>();

  List<String> findings() {
    return findings;
  }

  /**
   * The client's stream is the log, without a gap or a repeat.
   *
   * @return how many events are lost, repeated or out of order
   */
  int stream(List<JsonNode> seen, List<JsonNode> log) {
    var wrong = 0;
    var first = "";
    for (var index = 0; index < log.size(); index++) {
      if (log.get(index).path("seq").asLong() != index + 1) {
        wrong++;
      }
    }
    for (var index = 0; index < Math.max(seen.size(), log.size()); index++) {
      var inStream = index < seen.size() ? seen.get(index).path("id").asString("") : "nothing";
      var inLog = index < log.size() ? log.get(index).path("id").asString("") : "nothing";
      if (!inStream.equals(inLog)) {
        wrong++;
        if (first.isEmpty()) {
          first = "; at %d the client has %s, the log %s".formatted(index + 1, inStream, inLog);
        }
      }
    }
    if (wrong > 0) {
      findings.add("%d events are lost, repeated or out of order%s".formatted(wrong, first));
    }
    return wrong;
  }

  /**
   * Each message has exactly one end, and the one that it should have.
   *
   * @param messages with the end that is expected: {@code turn.completed}, or several to choose
   */
  boolean ends(Map<String, Set<String>> messages, List<JsonNode> log) {
    var ends = new HashMap<String, List<String>>();
    log.stream()
        .filter(event -> ENDS.contains(event.path("type").asString("")))
        .forEach(event ->
            ends.computeIfAbsent(event.path("message_id").asString(""), id -> new ArrayList<>())
                .add(event.path("type").asString("")));
    var fine = true;
    for (var message : messages.entrySet()) {
      var has = ends.getOrDefault(message.getKey(), List.of());
      if (has.size() != 1 || !message.getValue().contains(has.getFirst())) {
        findings.add(
            "message %s ended as %s (expected: one of %s)%s"
                .formatted(message.getKey(), has, message.getValue(), why(message.getKey(), log)));
        fine = false;
      }
    }
    return fine;
  }

  private static String why(String message, List<JsonNode> log) {
    return log.stream()
        .filter(event -> ENDS.contains(event.path("type").asString("")))
        .filter(event -> event.path("message_id").asString("").equals(message))
        .map(event -> " " + event.path("payload"))
        .collect(Collectors.joining());
  }

  /**
   * How the effects differ from what the log says of them.
   *
   * @param beyond lines that it does not admit
   * @param lost lines that are missing, though their calls ran to the end
   */
  record EffectsDifference(int beyond, int lost) {}

  /**
   * The platform runs no call twice, and what ran has left its effect. A call that started may
   * leave one line. The model may ask again for what it was told is of unknown outcome, and for
   * nothing else: so there is one line more for each of <em>its own</em> calls of which the log
   * says so, the call that had a subagent do it among them. A call whose input the log does not
   * have may have been any one, once.
   */
  EffectsDifference effects(Seen seen, List<JsonNode> log) {
    var calls = EffectCall.in(log);
    var times =
        seen.lines().stream().collect(Collectors.groupingBy(Effect::word, Collectors.counting()));
    var words = new TreeSet<>(times.keySet());
    calls.forEach(call -> {
      if (call.effect() instanceof Effect.Own(var word)) {
        words.add(word);
      }
    });
    var untold = (int) calls.stream().filter(call -> call.effect() instanceof Untold).count();
    var beyond = 0;
    var lost = 0;
    var wrong = new ArrayList<String>();
    for (var word : words) {
      var there = times.getOrDefault(word, 0L).intValue();
      var own = calls.stream().filter(call -> call.writes(word)).toList();
      var unknown = (int) calls.stream().filter(call -> call.excuses(word)).count();
      var ended = (int) own.stream().filter(call -> call.completedAt() < seen.at()).count();
      var tooMany = Math.max(0, there - Math.min(own.size(), 1 + unknown));
      var missing = Math.max(0, ended - there);
      beyond += tooMany;
      lost += missing;
      if (tooMany + missing > 0) {
        wrong.add(
            "%s %d times by %d calls, %d ended, %d of unknown outcome"
                .formatted(word, there, own.size(), ended, unknown));
      }
    }
    beyond = Math.max(0, beyond - untold);
    if (beyond + lost > 0) {
      findings.add(
          "%d effects beyond what the log admits, %d lost: %s in %s"
              .formatted(beyond, lost, String.join("; ", wrong), seen.lines()));
    }
    return new EffectsDifference(beyond, lost);
  }

  /**
   * Whoever does not work holds no permit.
   *
   * @param lost how many are held or waited for; negative when nobody could say
   * @return how many are lost
   */
  int permits(int lost) {
    if (lost != 0) {
      findings.add(
          lost < 0
              ? "the semaphore does not answer"
              : "%d permits are held or waited for by nobody".formatted(lost));
    }
    return Math.abs(lost);
  }

  static int count(String type, List<JsonNode> log) {
    return (int) log.stream().filter(event -> event.path("type").asString("").equals(type)).count();
  }

  /**
   * What the model answered to the end is in the ledger, with the model's own figures; what was
   * lost on the way is there as an estimate, or will be.
   *
   * @param answered tokens of each request, by the model's count
   * @return how many are missing
   */
  int ledger(List<String> answered, Ledger.Charged charged) {
    var difference = new LinkedHashMap<String, Integer>();
    answered.forEach(tokens -> difference.merge(tokens, 1, Integer::sum));
    charged.exact().forEach(tokens -> difference.merge(tokens, -1, Integer::sum));
    var missing = difference.values().stream().mapToInt(count -> Math.max(0, count)).sum();
    var tooMany = difference.values().stream().mapToInt(count -> Math.max(0, -count)).sum();
    var wrong = Math.max(0, missing - charged.estimated() - charged.open()) + tooMany;
    if (wrong > 0) {
      findings.add(
          "the ledger differs from the model's count of %d answers by %s, with %d estimates and %d open"
              .formatted(answered.size(), difference, charged.estimated(), charged.open()));
    }
    return wrong;
  }

  /**
   * An answer is lost when something cuts it, and not otherwise: the estimates, and the requests of
   * which nobody knows yet, are no more than the cuts can explain. A cut takes every answer that is
   * under way: one of the agent, and one of each subagent that works beside it. It is never two of
   * the same agent, since the gateway settles an answer before it passes its end on. A pause may
   * cut as a kill does: what is silent for too long is replaced.
   *
   * @param lost estimated rows and open requests
   * @return how many nothing explains
   */
  int lostAnswers(int lost, Cuts cuts) {
    var unexplained = Math.max(0, lost - cuts.most());
    if (unexplained > 0) {
      findings.add(
          "%d answers are lost or open (expected: at most %d, for %s)"
              .formatted(lost, cuts.most(), cuts));
    }
    return unexplained;
  }
}
