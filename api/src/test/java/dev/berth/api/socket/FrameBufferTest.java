package dev.berth.api.socket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class FrameBufferTest {
  private final AtomicLong buffered = new AtomicLong();
  private final FrameBuffer buffer = buffer();

  @Test
  void aFrameInOnePartIsNeverBuffered() {
    assertThat(buffer.add("whole", 5, true)).isEqualTo("whole");
    assertThat(buffered).hasValue(0);
  }

  @Test
  void putsPartsTogetherAndLetsThemGo() {
    assertThat(buffer.add("one ", 4, false)).isNull();
    assertThat(buffer.add("two ", 4, false)).isNull();
    assertThat(buffered).hasValue(8);
    assertThat(buffer.add("three", 5, true)).isEqualTo("one two three");
    assertThat(buffered).hasValue(0);
  }

  @Test
  void takesAFrameOfExactlyTheLargestSize() {
    assertThat(buffer.add("x".repeat(60), 60, false)).isNull();
    assertThat(buffer.add("x".repeat(40), 40, true)).hasSize(100);
  }

  @Test
  void refusesALargerFrameOnlyWhenItsSenderIsDoneWithIt() {
    assertThat(buffer.add("x".repeat(60), 60, false)).isNull();
    assertThat(buffer.add("x".repeat(60), 60, false)).isNull();
    assertThat(buffered).as("what is dropped takes no memory").hasValue(0);

    assertThatThrownBy(() -> buffer.add("x", 1, true))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST))
        .hasMessageStartingWith("Invalid frame: it has more than");
  }

  @Test
  void countsBytesAndNotCharacters() {
    assertThatThrownBy(() -> buffer.add("é".repeat(60), 120, true))
        .hasMessageStartingWith("Invalid frame:");
  }

  @Test
  void doesNotListenForEverToAFrameThatIsFarTooLarge() {
    for (var part = 0; part < 7; part++) {
      assertThat(buffer.add("x".repeat(100), part == 0 ? 101 : 100, false)).isNull();
    }

    assertThatThrownBy(() -> buffer.add("x", 100, false)).hasMessageStartingWith("Invalid frame:");
  }

  @Test
  void theHalfReceivedFramesOfAllSocketsHaveABoundTogether() {
    var others = new FrameBuffer[] {buffer(), buffer(), buffer()};
    for (var other : others) {
      assertThat(other.add("x".repeat(90), 90, false)).isNull();
    }

    assertThatThrownBy(() -> buffer.add("x".repeat(40), 40, false))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.RATE_LIMITED));
    assertThat(buffered).as("the refused part is not counted").hasValue(270);
  }

  @Test
  void aSocketThatGoesTakesItsHalfFrameWithIt() {
    assertThat(buffer.add("half", 4, false)).isNull();

    buffer.clear();

    assertThat(buffered).hasValue(0);
    assertThat(buffer.add("whole", 5, true)).isEqualTo("whole");
  }

  private FrameBuffer buffer() {
    return new FrameBuffer(DataSize.ofBytes(100), DataSize.ofBytes(300), buffered);
  }
}
