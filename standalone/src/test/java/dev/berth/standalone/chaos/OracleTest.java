package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** That the oracle sees what it is there for. */
class OracleTest {
  private final Oracle oracle = new Oracle();

  @Test
  void aStreamThatIsTheLogIsFine() {
    var log = List.of(event(1, "turn.started"), event(2, "turn.completed"));

    assertThat(oracle.stream(log, log)).isZero();
    assertThat(oracle.findings()).isEmpty();
  }

  @Test
  void aLostARepeatedAndAReorderedEventAreSeen() {
    var first = event(1, "turn.started");
    var second = event(2, "turn.completed");
    var log = List.of(first, second);

    assertThat(oracle.stream(List.of(first), log)).isPositive();
    assertThat(oracle.stream(List.of(first, first, second), log)).isPositive();
    assertThat(oracle.stream(List.of(second, first), log)).isPositive();
    assertThat(oracle.findings()).hasSize(3);
  }

  @Test
  void permitsThatNobodyGaveBackAreSeen() {
    assertThat(oracle.permits(0)).isZero();
    assertThat(oracle.findings()).isEmpty();

    assertThat(oracle.permits(2)).isEqualTo(2);
    assertThat(oracle.permits(-1)).isPositive();
    assertThat(oracle.findings()).hasSize(2);
  }

  @Test
  void aGapInTheLogItselfIsSeen() {
    var log = List.of(event(1, "turn.started"), event(3, "turn.completed"));

    assertThat(oracle.stream(log, log)).isPositive();
  }

  @Test
  void aMessageWithoutAnEndWithTwoOrWithAnotherOneIsSeen() {
    var completed = Set.of("turn.completed");
    var end = event(1, "turn.completed");

    assertThat(oracle.ends(Map.of("m", completed), List.of(end))).isTrue();
    assertThat(oracle.ends(Map.of("m", completed), List.of())).isFalse();
    assertThat(oracle.ends(Map.of("m", completed), List.of(end, end))).isFalse();
    assertThat(oracle.ends(Map.of("m", completed), List.of(event(1, "turn.failed")))).isFalse();
  }

  @Test
  void anAnswerIsChargedExactlyOrEstimatedAndNothingElseIs() {
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of("1→2"), 0, 0))).isZero();
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of(), 1, 0))).isZero();
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of(), 0, 1))).isZero();
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of(), 0, 0))).isEqualTo(1);
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of("1→2", "1→2"), 0, 0)))
        .isEqualTo(1);
    assertThat(oracle.ledger(List.of("1→2"), new Ledger.Charged(List.of("1→1"), 1, 0)))
        .isEqualTo(1);
  }

  private static JsonNode event(long seq, String type) {
    return ProtocolJson.mapper()
        .createObjectNode()
        .put("seq", seq)
        .put("id", "e" + seq)
        .put("type", type)
        .put("message_id", "m");
  }
}
