package dev.berth.activities.transcript;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.HeldObjects;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a writer does while its object storage is slow, or away. */
@Timeout(120)
class TranscriptWriterTest {
  private static final int MANY = 500;

  private final SessionId session = new SessionId(UUID.randomUUID().toString());
  private HeldObjects objects;
  private TranscriptWriter writer;

  @BeforeEach
  void begin() throws IOException {
    objects = new HeldObjects();
    writer = new TranscriptWriter(objects.store(), new ProjectId("p"), session, 1);
  }

  @AfterEach
  void end() {
    objects.allow(MANY);
    objects.close();
  }

  @Test
  void c2WhatComesWhileASlowStoreWritesSharesTheNextObjectAndTheOrderIsKept() {
    var first = appended(part(1));
    objects.allow(1);
    first.join();
    var rest =
        LongStream.rangeClosed(2, MANY)
            .mapToObj(frame -> appended(part(frame)))
            .toArray(CompletableFuture[]::new);
    objects.allow(MANY);
    CompletableFuture.allOf(rest).join();

    assertThat(objects.stored()).isSorted().hasSizeLessThan(10);
    assertThat(writer.waiting()).isZero();
  }

  @Test
  void c1APartThatComesAgainOnEveryConnectionWaitsOnce() {
    objects.beAway(true);
    for (var connection = 0; connection < 20; connection++) {
      for (var frame = 1; frame <= 10; frame++) {
        var _ = writer.append(part(frame));
      }
    }

    assertThat(writer.waiting()).isEqualTo(10);
  }

  @Test
  void c1WhatASandboxLeftIsStoredWhenTheStoreIsBackAndNotBefore() {
    var unfinished = new UnfinishedWriters();
    objects.beAway(true);
    var part = appended(part(1));

    unfinished.end(session, writer);
    assertThat(unfinished.isEmpty(session, Duration.ofMillis(1))).isFalse();
    assertThat(part).isNotCompleted();

    objects.beAway(false);
    objects.allow(1);
    assertThat(unfinished.isEmpty(session, Duration.ofMinutes(1))).isTrue();
    assertThat(part).isCompleted();
    assertThat(objects.stored()).containsExactly("000000000001.jsonl");
    assertThat(unfinished.isEmpty(session, Duration.ZERO)).isTrue();
  }

  @Test
  void c1WhatIsTooMuchIsLeftToTheBridgeUntilThereIsRoom() {
    var small = new TranscriptWriter(objects.store(), new ProjectId("p"), session, 2, 60);
    objects.beAway(true);
    var first = requireNonNull(small.append(part(1))).toCompletableFuture();

    // A line of it has some 45 characters.
    assertThat(small.append(part(2))).isNull();
    assertThat(small.append(part(3))).isNull();
    assertThat(small.append(part(1))).isSameAs(first);
    assertThat(small.waiting()).isEqualTo(1);
    var room = small.room().toCompletableFuture();
    assertThat(room).isNotDone();

    objects.beAway(false);
    objects.allow(MANY);
    room.join();
    assertThat(first).isCompleted();
    requireNonNull(small.append(part(2))).toCompletableFuture().join();
    assertThat(small.room().toCompletableFuture()).isDone();
  }

  private CompletableFuture<Void> appended(TranscriptPart part) {
    return requireNonNull(writer.append(part)).toCompletableFuture();
  }

  private static TranscriptPart part(long frame) {
    return new TranscriptPart(
        frame, null, List.of(ProtocolJson.mapper().createObjectNode().put("uuid", "e" + frame)));
  }
}
