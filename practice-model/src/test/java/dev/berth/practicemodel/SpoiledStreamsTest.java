package dev.berth.practicemodel;

import static dev.berth.practicemodel.MessagesClient.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.practicemodel.readback.AnsweredRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SpoiledStreamsTest {
  private PracticeModel model;
  private MessagesClient client;

  @BeforeEach
  void start() {
    model = PracticeModel.start("127.0.0.1", 0);
    client = new MessagesClient(model.baseUrl());
  }

  @AfterEach
  void close() {
    client.close();
    model.close();
  }

  @Test
  void aCutStreamEndsAfterSoManyEventsAndTheNextOneIsWhole() throws Exception {
    var request = request("cut after 3 events\nlong 100 tokens");

    var cut = client.untilItEnds(request);
    var again = client.streamed(request);

    assertThat(cut.lines().filter(line -> line.startsWith("event: "))).hasSize(3);
    // The mark of a whole answer is missing.
    assertThat(cut).doesNotEndWith("0\r\n\r\n");
    assertThat(again.body()).contains("message_stop");
    var requests = model.requests();
    assertThat(requests.getFirst().outcome()).isEqualTo(new AnsweredRequest.Cut(true, 3));
    assertThat(requests.getFirst().usage().input()).isPositive();
    assertThat(requests.getFirst().usage().output()).isEqualTo(12);
    assertThat(requests.getLast().outcome()).isEqualTo(new AnsweredRequest.Completed());
    assertThat(model.usage().completed().output()).isEqualTo(100);
    assertThat(model.usage().cut().output()).isEqualTo(12);
  }

  @Test
  void aWholeAnswerCanBeCutToo() throws Exception {
    var request = request("cut after 0 events\nsay x");

    assertThatThrownBy(() -> client.whole(request)).isInstanceOf(IOException.class);

    assertThat(client.whole(request).path("type").asString()).isEqualTo("message");
    assertThat(model.usage().cut()).satisfies(cut -> assertThat(cut.input()).isZero());
  }

  @Test
  void aStalledStreamIsCutInTheEnd() {
    var request = request("stall after 2 events for 300 ms\nsay x");
    var before = System.nanoTime();

    assertThatThrownBy(() -> client.lines(request).body().forEach(line -> {}))
        .isInstanceOf(UncheckedIOException.class);

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(290));
    assertThat(model.requests().getLast().outcome()).isEqualTo(new AnsweredRequest.Cut(true, 2));
  }

  @Test
  void aStallEndsWhenTheClientGoes() throws Exception {
    var lines = client.lines(request("stall after 1 event\nsay x")).body().iterator();
    assertThat(lines.next()).isEqualTo("event: message_start");

    client.close();

    await(() -> model.requests().size() == 1);
  }

  @Test
  void aSlowStreamEndsWhenTheClientGoes() throws Exception {
    var lines = client.lines(request("slow 20 ms per token\nlong 10000 tokens")).body().iterator();
    assertThat(lines.next()).isEqualTo("event: message_start");

    client.close();

    await(() -> model.requests().size() == 1);
    assertThat(model.requests().getLast().outcome())
        .isInstanceOfSatisfying(
            AnsweredRequest.Cut.class, cut -> assertThat(cut.byScript()).isFalse());
    assertThat(model.usage().completed().requests()).isZero();
  }

  @Test
  void aSlowStreamSendsTokenByToken() throws Exception {
    var before = System.nanoTime();

    var stream = client.streamed(request("wait 100 ms\nslow 5 ms per token\nlong 20 tokens"));

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThan(Duration.ofMillis(195));
    assertThat(deltas(stream.body())).hasSize(20);
  }

  @Test
  void eventsComeWhenTheyAreSent() throws Exception {
    var lines = client.lines(request("wait 30 s\nsay late")).body().iterator();

    var before = System.nanoTime();
    assertThat(lines.next()).isEqualTo("event: message_start");

    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(10));
  }

  private static List<?> deltas(String stream) {
    return MessagesClient.events(stream).stream()
        .filter(event -> event.path("type").asString().equals("content_block_delta"))
        .toList();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    var deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }
}
