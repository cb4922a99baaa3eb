package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A provider that answers errors: the turn ends with a reason, and the next one works. */
@Tag("e2e")
@Timeout(240)
class ModelTroubleIT {
  private static TestPlatform platform;

  @BeforeAll
  static void start() {
    platform = TestPlatform.shared();
  }

  @Test
  void aProviderThatIsBusyForAMomentIsAskedAgain() {
    try (var socket = platform.socket("mo").init(allowAll())) {
      assertThat(socket.turn("error 429 times 2\nsay patience").path("result").asString(""))
          .isEqualTo("patience");
      assertThat(socket.turn("error 529 times 1\nsay more patience").path("result").asString(""))
          .isEqualTo("more patience");
    }
  }

  @Test
  void aProviderThatRefusesTheKeyEndsTheTurnWithItsReason() {
    try (var socket = platform.socket("mo").init(allowAll())) {
      var result = socket.turn("error 401 always\nsay never");

      assertThat(result.path("is_error").asBoolean()).isTrue();
      assertThat(reason(socket.session())).isEqualTo("model_error");
      assertThat(socket.turn("say hello again").path("result").asString(""))
          .isEqualTo("hello again");
    }
  }

  @Test
  void aStreamThatIsCutIsTakenUp() {
    try (var socket = platform.socket("mo").init(allowAll())) {
      assertThat(socket.turn("cut after 3 events\nsay whole").path("result").asString(""))
          .isEqualTo("whole");
    }
  }

  @Test
  void whatWasUsedIsInTheLedgerToTheToken() {
    try (var socket = platform.socket("ledger").init(allowAll())) {
      socket.turn("bash echo one\nbash echo two\nsay done");

      var ledger =
          platform
              .database()
              .fetchSingle(
                  """
                  select count(*) as requests, sum(input_tokens) as input,
                         sum(output_tokens) as output, count(distinct turn_id) as turns,
                         sum(cost_microdollars) as cost
                  from ledger where session_id = ?::uuid
                  """,
                  socket.session());
      var usage =
          platform
              .database()
              .fetchSingle(
                  """
                  select payload->'usage'->>'requests' as requests,
                         payload->'usage'->>'output_tokens' as output,
                         payload->>'cost_microdollars' as cost
                  from events where session_id = ?::uuid and type = 'turn.completed'
                  """,
                  socket.session());
      assertThat(ledger.get("requests", int.class)).isGreaterThanOrEqualTo(3);
      assertThat(ledger.get("turns", int.class)).isEqualTo(1);
      assertThat(usage.get("requests", int.class)).isEqualTo(ledger.get("requests", int.class));
      assertThat(usage.get("output", int.class)).isEqualTo(ledger.get("output", int.class));
      assertThat(usage.get("cost", long.class)).isEqualTo(ledger.get("cost", long.class));
    }
  }

  private static String reason(String session) {
    return platform
        .database()
        .fetchSingle(
            """
            select coalesce(payload->>'stop_reason', type) as reason from events
            where session_id = ?::uuid and type in ('turn.failed', 'turn.completed')
            order by seq limit 1
            """,
            session)
        .get("reason", String.class);
  }
}
