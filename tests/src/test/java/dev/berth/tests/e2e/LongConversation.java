package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Many turns of one session through the real Agent SDK, and how long the first and the last of them
 * take. A measurement, so no part of any test run: {@code -Dtest=LongConversation}, and {@code
 * -Dberth.long-session.agent-turns=N} for another number than 300.
 */
@Tag("e2e")
@Timeout(3_600)
class LongConversation {
  private static final Logger LOG = LoggerFactory.getLogger(LongConversation.class);

  private static final int TURNS = Integer.getInteger("berth.long-session.agent-turns", 300);
  private static final int COMPARED = 50;

  @Test
  void b8TurnsOfALongConversationStayAsFastAsTheFirst() {
    var took = new ArrayList<Long>();
    try (var platform = TestPlatform.start("long");
        var socket = platform.socket("lena").init(allowAll())) {
      socket.turn("say warm");
      for (var turn = 1; turn <= TURNS; turn++) {
        var began = System.nanoTime();
        assertThat(socket.turn("say " + turn).path("result").asString("")).isEqualTo("" + turn);
        took.add((System.nanoTime() - began) / 1_000);
      }
    }
    LOG.info(
        "{} turns: median of the first {}: {} ms, of the last {}: {} ms",
        TURNS,
        COMPARED,
        median(took.subList(0, Math.min(COMPARED, took.size()))),
        COMPARED,
        median(took.subList(Math.max(0, took.size() - COMPARED), took.size())));
    LOG.info("medians of {} turns each: {}", COMPARED, Arrays.toString(medians(took)));
  }

  private static double[] medians(List<Long> took) {
    var medians = new ArrayList<Double>();
    for (var from = 0; from < took.size(); from += COMPARED) {
      medians.add(median(took.subList(from, Math.min(from + COMPARED, took.size()))));
    }
    return medians.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static double median(List<Long> micros) {
    var sorted = micros.stream().sorted().toList();
    return sorted.get(sorted.size() / 2) / 1_000.0;
  }
}
