package dev.berth.activities.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AckOrderTest {
  private final AckOrder acks = new AckOrder();

  @Test
  void acknowledgesWhatIsDurableInTheOrderOfItsNumbers() {
    arrived(1, 3);

    assertThat(acks.durable(1)).hasValue(1);
    assertThat(acks.durable(2)).hasValue(2);
    assertThat(acks.durable(3)).hasValue(3);
  }

  @Test
  void neverAcknowledgesPastAFrameThatIsNotDurableYet() {
    arrived(1, 4);

    assertThat(acks.durable(3)).isEmpty();
    assertThat(acks.durable(2)).isEmpty();
    assertThat(acks.durable(1)).hasValue(3);
    assertThat(acks.durable(4)).hasValue(4);
  }

  @Test
  void aFrameThatCameAgainIsNotAcknowledgedTwice() {
    arrived(1, 1);
    assertThat(acks.durable(1)).hasValue(1);

    assertThat(acks.durable(1)).isEmpty();
  }

  @Test
  void aConnectionMayBeginInTheMiddle() {
    arrived(41, 42);

    assertThat(acks.durable(42)).hasValue(40);
    assertThat(acks.durable(41)).hasValue(42);
  }

  private void arrived(long from, long to) {
    for (var frame = from; frame <= to; frame++) {
      acks.arrived(frame);
    }
  }
}
