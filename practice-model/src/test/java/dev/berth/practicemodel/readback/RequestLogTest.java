package dev.berth.practicemodel.readback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.practicemodel.tokens.Usage;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestLogTest {
  private final RequestLog log = new RequestLog(3);

  @Test
  void theOldestAreForgottenButNotTheirSums() {
    for (var i = 0; i < 5; i++) {
      log.add(request("r" + i, "m", new AnsweredRequest.Completed()));
    }

    assertThat(log.requests()).extracting(AnsweredRequest::id).containsExactly("r2", "r3", "r4");
    assertThat(log.total().completed()).isEqualTo(new UsageTotals.Sum(5, 5, 25, 20, 25));
  }

  @Test
  void cutAndFailedRequestsAreCountedApart() {
    log.add(request("a", "m", new AnsweredRequest.Completed()));
    log.add(request("b", "n", new AnsweredRequest.Cut(true, 3)));
    log.add(request("c", "n", new AnsweredRequest.Failed(529)));

    assertThat(log.total().completed().requests()).isEqualTo(1);
    assertThat(log.total().cut().output()).isEqualTo(5);
    assertThat(log.total().failed()).isEqualTo(1);
    assertThat(log.totalsByModel()).containsOnlyKeys("m", "n");
  }

  @Test
  void anAnswerThatDidNotArriveAfterAllIsCorrected() {
    var hoped = request("a", "m", new AnsweredRequest.Completed());
    log.add(hoped);

    log.addOrCorrect(hoped, request("a", "m", new AnsweredRequest.Cut(false, 7)));

    assertThat(log.requests()).hasSize(1);
    assertThat(log.total().completed()).isEqualTo(UsageTotals.Sum.NONE);
    assertThat(log.totalsByModel()).containsEntry("m", log.total());
  }

  @Test
  void manyModelsShareOneSum() {
    for (var i = 0; i < 150; i++) {
      log.add(request("r", "model-" + i, new AnsweredRequest.Completed()));
    }

    assertThat(log.totalsByModel()).hasSize(101);
    assertThat(log.totalsByModel().values().stream().mapToLong(t -> t.completed().requests()).sum())
        .isEqualTo(150);
  }

  @Test
  void aResetForgetsAll() {
    log.add(request("a", "m", new AnsweredRequest.Completed()));

    log.reset();

    assertThat(log.requests()).isEmpty();
    assertThat(log.total()).isEqualTo(UsageTotals.NONE);
  }

  private static AnsweredRequest request(String id, String model, AnsweredRequest.Outcome outcome) {
    var usage = new Usage(1, 2, 3, 4, 5);
    return new AnsweredRequest(
        id, Instant.EPOCH, model, "messages", "c", "script", usage, outcome, Map.of());
  }
}
