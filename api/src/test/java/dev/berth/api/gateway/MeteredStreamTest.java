package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.api.gateway.ModelOutcome.Answered;
import dev.berth.api.gateway.ModelOutcome.Lost;
import dev.berth.api.gateway.ModelOutcome.Refused;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MeteredStreamTest {
  private static final String START =
      """
      event: message_start
      data: {"type":"message_start","message":{"model":"claude-opus-4-5","usage":{"input_tokens":10,"output_tokens":1,"cache_read_input_tokens":4,"cache_creation_input_tokens":24,"cache_creation":{"ephemeral_5m_input_tokens":8,"ephemeral_1h_input_tokens":16}}}}

      """;
  private static final String TEXT =
      """
      event: content_block_delta
      data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"my \\"usage\\": {\\"output_tokens\\": 900}"}}

      """;
  private static final String DELTA =
      """
      event: message_delta
      data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":50}}

      """;
  private static final String STOP =
      """
      event: message_stop
      data: {"type":"message_stop"}

      """;
  private static final String ERROR =
      """
      event: error
      data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}

      """;
  private static final ModelUsage BEGUN = new ModelUsage("claude-opus-4-5", 10, 1, 8, 16, 4);
  private static final ModelOutcome WHOLE =
      new Answered(new ModelUsage("claude-opus-4-5", 10, 50, 8, 16, 4));

  private final List<ModelOutcome> account = new ArrayList<>();
  private final ByteArrayOutputStream passed = new ByteArrayOutputStream();

  @Test
  void passesEveryByteOnAndAccountsOnceForWhatTheStreamSays() throws IOException {
    var stream = START + ": ping\n\n" + TEXT + DELTA + STOP;

    pass(stream, passed);

    assertThat(passed.toString(UTF_8)).isEqualTo(stream);
    assertThat(account).containsExactly(WHOLE);
  }

  @Test
  void readsEventsWithCarriageReturnsToo() throws IOException {
    var stream = (START + DELTA + STOP).replace("\n", "\r\n");

    pass(stream, passed);

    assertThat(passed.toString(UTF_8)).isEqualTo(stream);
    assertThat(account).containsExactly(WHOLE);
  }

  @Test
  void whoeverHasTheWholeAnswerFindsItInTheAccount() throws IOException {
    var accountedWhenStopCame = new ArrayList<Integer>();
    var caller =
        new OutputStream() {
          @Override
          public void write(int oneByte) {
            throw new AssertionError("events are written whole");
          }

          @Override
          public void write(byte[] bytes, int from, int length) {
            if (new String(bytes, from, length, UTF_8).contains("message_stop")) {
              accountedWhenStopCame.add(account.size());
            }
          }
        };

    pass(START + DELTA + STOP, caller);

    assertThat(accountedWhenStopCame).containsExactly(1);
  }

  @Test
  void passesEachEventOnAsSoonAsItIsWhole() throws IOException {
    var flushed = new ArrayList<String>();
    var caller =
        new ByteArrayOutputStream() {
          @Override
          public void flush() {
            flushed.add(toString(UTF_8));
            reset();
          }
        };

    pass(START + TEXT + STOP, caller);

    assertThat(flushed).containsExactly(START, TEXT, STOP);
  }

  @Test
  void aBrokenStreamIsLostWithWhatItSaidAndPassedOn() {
    var broken =
        new SequenceInputStream(
            new ByteArrayInputStream((START + "event: content_").getBytes(UTF_8)),
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("reset by the provider");
              }

              @Override
              public int read(byte[] into, int from, int length) throws IOException {
                throw new IOException("reset by the provider");
              }
            });

    assertThatThrownBy(
            () -> new MeteredStream(ModelUsage.of("asked"), account::add).pass(broken, passed))
        .hasMessage("reset by the provider");

    assertThat(passed.toString(UTF_8)).startsWith(START);
    assertThat(account).containsExactly(new Lost(BEGUN, 0));
  }

  @Test
  void anAnswerWhoseCallerWentAwayIsLostWithWhatTheProviderSaid() {
    var gone =
        new OutputStream() {
          @Override
          public void write(int oneByte) throws IOException {
            throw new IOException("the agent is gone");
          }
        };

    assertThatThrownBy(() -> pass(START + DELTA + STOP, gone)).hasMessage("the agent is gone");

    assertThat(account).containsExactly(new Lost(BEGUN, 0));
  }

  @Test
  void whatIsNotAnEventStreamIsPassedOnAndLost() throws IOException {
    var text = "data: {\"usage\" is not JSON\n\nupstream said no";

    pass(text, passed);

    assertThat(passed.toString(UTF_8)).isEqualTo(text);
    assertThat(account).containsExactly(new Lost(ModelUsage.of("asked"), 0));
  }

  @Test
  void aStreamThatEndsBeforeItsLastEventIsLostWhateverItSaid() throws IOException {
    pass(START + DELTA, passed);

    assertThat(account).containsExactly(new Lost(BEGUN.withOutput(50), 0));
  }

  @Test
  void ofALostStreamTheTextThinkingAndToolInputAreMeasured() throws IOException {
    var deltas =
        Stream.of(
                "{\"type\":\"thinking_delta\",\"thinking\":\"hmm\"}",
                "{\"type\":\"signature_delta\",\"signature\":\"EqQBCgIYAhIM\"}",
                "{\"type\":\"text_delta\",\"text\":\"\\u00fc\\n\"}",
                "{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"a\\\"\"}")
            .map(
                "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":%s}\n\n"
                    ::formatted)
            .collect(joining());

    pass(START + deltas, passed);

    assertThat(account).containsExactly(new Lost(BEGUN, 3 + 3 + 4));
  }

  @Test
  void aProviderThatFailsBeforeItCountedAnythingHasRefused() throws IOException {
    pass(ERROR, passed);

    assertThat(account).containsExactly(new Refused());
  }

  @Test
  void aProviderThatFailsLaterLosesTheAnswer() throws IOException {
    pass(START + ERROR, passed);

    assertThat(account).containsExactly(new Lost(BEGUN, 0));
  }

  @Test
  void passesAnEventOnThatIsTooLongToBeReadAndReadsOnAfterIt() throws IOException {
    var huge = "data: " + "x".repeat(9 * 1024 * 1024) + "\n\n";

    pass(huge + START + STOP, passed);

    assertThat(passed.toString(UTF_8)).isEqualTo(huge + START + STOP);
    assertThat(account).hasSize(1);
  }

  private void pass(String stream, OutputStream caller) throws IOException {
    new MeteredStream(ModelUsage.of("asked"), account::add)
        .pass(new ByteArrayInputStream(stream.getBytes(UTF_8)), caller);
  }
}
