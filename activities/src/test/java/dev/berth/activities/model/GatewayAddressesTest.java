package dev.berth.activities.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatewayAddressesTest {
  private static final URI ONE = URI.create("http://one");
  private static final URI TWO = URI.create("http://two");

  private final GatewayAddresses addresses = new GatewayAddresses(List.of(ONE, TWO));

  @Test
  void staysWithANodeUntilItFailsAndComesBackToItInTheEnd() {
    assertThat(addresses.current()).isEqualTo(ONE).isEqualTo(addresses.current());

    addresses.failed(ONE);
    assertThat(addresses.current()).isEqualTo(TWO);

    addresses.failed(TWO);
    assertThat(addresses.current()).isEqualTo(ONE);
  }

  @Test
  void manyWhoSawTheSameFailureMoveOnOnce() {
    addresses.failed(ONE);
    addresses.failed(ONE);
    addresses.failed(ONE);

    assertThat(addresses.current()).isEqualTo(TWO);
  }

  @Test
  void refusesToBeEmpty() {
    assertThatThrownBy(() -> new GatewayAddresses(List.of()))
        .hasMessage("gateway.urls: [] (expected: at least one address)");
  }
}
