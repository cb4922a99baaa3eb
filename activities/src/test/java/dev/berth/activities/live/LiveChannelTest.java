package dev.berth.activities.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.event.LiveFrame;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LiveChannelTest {
  private final LiveChannel channel = new LiveChannel();

  @Test
  void whoeverWatchesSeesWhatHappensInOrder() throws Exception {
    try (var watcher = channel.watch()) {
      channel.show(text(0, "a"));
      channel.show(new LiveFrame.Committed(7));

      assertThat(frames(watcher))
          .containsExactly(new LiveFrame.Committed(0), text(0, "a"), new LiveFrame.Committed(7));
    }
  }

  @Test
  void whoJoinsGetsTheMessageThatIsBeingWrittenSoFarInFewFrames() throws Exception {
    channel.show(new LiveFrame.Committed(3));
    channel.show(event("{\"type\": \"message_start\"}"));
    channel.show(event("{\"type\": \"content_block_start\", \"index\": 0}"));
    channel.show(text(0, "Hel"));
    channel.show(text(0, "lo"));
    channel.show(text(1, "other block"));

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher))
          .containsExactly(
              new LiveFrame.Committed(3),
              event("{\"type\": \"message_start\"}"),
              event("{\"type\": \"content_block_start\", \"index\": 0}"),
              text(0, "Hello"),
              text(1, "other block"));
    }
  }

  @Test
  void aMessageThatIsLongerThanAnyModelWritesIsNotKept() throws Exception {
    channel.show(event("{\"type\": \"message_start\"}"));
    for (var piece = 0; piece < 5; piece++) {
      channel.show(text(0, "x".repeat(1024 * 1024)));
    }

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher)).noneMatch(LiveFrame.Delta.class::isInstance);
    }
    channel.show(event("{\"type\": \"message_start\"}"));
    channel.show(text(0, "short"));
    try (var watcher = channel.watch()) {
      assertThat(frames(watcher)).filteredOn(LiveFrame.Delta.class::isInstance).hasSize(2);
    }
  }

  @Test
  void deltasOfDifferentKindsAreNotPutTogether() throws Exception {
    channel.show(event("{\"type\": \"message_start\"}"));
    channel.show(delta(0, "thinking_delta", "thinking", "hm"));
    channel.show(delta(0, "thinking_delta", "thinking", "mm"));
    channel.show(delta(0, "text_delta", "text", "so"));
    channel.show(delta(0, "input_json_delta", "partial_json", "{\"a"));
    channel.show(delta(0, "input_json_delta", "partial_json", "\":1}"));

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher).subList(2, 5))
          .containsExactly(
              delta(0, "thinking_delta", "thinking", "hmmm"),
              delta(0, "text_delta", "text", "so"),
              delta(0, "input_json_delta", "partial_json", "{\"a\":1}"));
    }
  }

  @Test
  void aMessageThatIsCompleteIsNotShownToWhoJoinsAfterIt() throws Exception {
    channel.show(event("{\"type\": \"message_start\"}"));
    channel.show(text(0, "done"));
    channel.show(event("{\"type\": \"message_stop\"}"));

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher)).containsExactly(new LiveFrame.Committed(0));
    }
  }

  @Test
  void aNewMessageTakesThePlaceOfOneThatWasCut() throws Exception {
    channel.show(event("{\"type\": \"message_start\"}"));
    channel.show(text(0, "cut"));
    channel.show(event("{\"type\": \"message_start\"}"));

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher)).hasSize(2);
    }
  }

  @Test
  void theEndIsSeenByWhoWatchesAndByWhoComesLater() throws Exception {
    try (var before = channel.watch()) {
      channel.show(new LiveFrame.Ended());

      before.next(1, TimeUnit.SECONDS);
      assertThat(before.next(1, TimeUnit.SECONDS)).isNull();
    }
    try (var after = channel.watch()) {
      after.next(1, TimeUnit.SECONDS);
      assertThat(after.next(1, TimeUnit.SECONDS)).isNull();
    }
  }

  @Test
  void theNumberOfWhatIsCommittedNeverFalls() throws Exception {
    channel.show(new LiveFrame.Committed(9));
    channel.show(new LiveFrame.Committed(8));

    try (var watcher = channel.watch()) {
      assertThat(frames(watcher)).containsExactly(new LiveFrame.Committed(9));
    }
  }

  @Test
  void whenNothingHappensAWatcherHearsThatAllIsWell() throws Exception {
    try (var watcher = channel.watch()) {
      watcher.next(1, TimeUnit.SECONDS);

      assertThat(watcher.next(0, TimeUnit.SECONDS)).isEqualTo(new LiveFrame.Heartbeat());
    }
  }

  @Test
  void aWatcherThatDoesNotKeepUpIsLetGoAndTheOthersAreNot() throws Exception {
    try (var slow = channel.watch();
        var fast = channel.watch()) {
      for (var seq = 1; seq <= 5_000; seq++) {
        channel.show(new LiveFrame.Committed(seq));
        fast.next(1, TimeUnit.SECONDS);
      }

      assertThat(fast.next(1, TimeUnit.SECONDS)).isEqualTo(new LiveFrame.Committed(5_000));
      var heard = 0;
      while (slow.next(0, TimeUnit.SECONDS) != null) {
        heard++;
      }
      assertThat(heard).isEqualTo(4_096);
    }
  }

  /** What waits for the watcher now. */
  private static List<LiveFrame> frames(LiveChannel.Watcher watcher) throws InterruptedException {
    var frames = new ArrayList<LiveFrame>();
    while (watcher.hasNext()) {
      var frame = watcher.next(1, TimeUnit.SECONDS);
      if (frame != null) {
        frames.add(frame);
      }
    }
    return frames;
  }

  private static LiveFrame text(int index, String text) {
    return delta(index, "text_delta", "text", text);
  }

  private static LiveFrame delta(int index, String kind, String field, String text) {
    var event =
        ProtocolJson.mapper()
            .createObjectNode()
            .put("type", "content_block_delta")
            .put("index", index);
    event.putObject("delta").put("type", kind).put(field, text);
    return event(event.toString());
  }

  private static LiveFrame event(String event) {
    return new LiveFrame.Delta(
        1, 1, null, ProtocolJson.mapper().readTree("{\"event\": %s}".formatted(event)));
  }
}
