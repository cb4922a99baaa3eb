package dev.berth.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void anIdNamesTheBadValueAndTheExpectation() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SessionId("../etc/passwd"))
        .withMessage("SessionId: ../etc/passwd (expected: a lower-case UUID)");
    assertThatIllegalArgumentException().isThrownBy(() -> new SandboxId("sb-1"));
    assertThatIllegalArgumentException().isThrownBy(() -> new EndUserId("a\nb"));
    assertThatIllegalArgumentException().isThrownBy(() -> new ProjectId("a/b"));
    assertThatIllegalArgumentException().isThrownBy(() -> new HostId("Host_1"));
  }

  @Test
  void aLongBadValueIsCutInTheMessage() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ProjectId("x".repeat(10_000)))
        .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(200));
  }

  @Test
  void anIdIsTextOnTheWire() {
    var id = new EndUserId("user@example.org");

    assertThat(ProtocolJson.mapper().writeValueAsString(id)).isEqualTo("\"user@example.org\"");
    assertThat(ProtocolJson.mapper().readValue("\"user@example.org\"", EndUserId.class))
        .isEqualTo(id);
  }
}
