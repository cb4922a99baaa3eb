package dev.berth.standalone.platform;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VersionTest {
  @Test
  void isReadFromWhatProgramsSay() {
    assertThat(Version.in("go version go1.26.8 linux/amd64")).isEqualTo(new Version(1, 26));
    assertThat(Version.in("Apache Maven 3.8.7")).isEqualTo(new Version(3, 8));
    assertThat(Version.in("v20.11.1")).isEqualTo(new Version(20, 11));
    assertThat(Version.in("unknown")).isNull();
    assertThat(Version.in(null)).isNull();
  }

  @Test
  void isComparedByNumbersNotByText() {
    assertThat(new Version(1, 30).isAtLeast(new Version(1, 4))).isTrue();
    assertThat(new Version(2, 0).isAtLeast(new Version(1, 30))).isTrue();
    assertThat(new Version(1, 26).isAtLeast(new Version(1, 26))).isTrue();
    assertThat(new Version(1, 25).isAtLeast(new Version(1, 26))).isFalse();
  }

  @Test
  void ofTemporalIsThatOfItsServer() {
    assertThat(TemporalFound.serverIn("temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"))
        .isEqualTo(new Version(1, 29));
    assertThat(TemporalFound.serverIn("another program 1.5.1")).isNull();
    assertThat(TemporalFound.serverIn(null)).isNull();
  }
}
