package dev.berth.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** That a look at the effects counts only when it came to its end. */
class SeenTest {
  private static final String LOOK = Seen.SCRIPT.lines().findFirst().orElseThrow().substring(5);

  private final TestLog log = new TestLog();

  @Test
  void theResultOfTheCallIsWhatWasSeen() {
    log.command("a", LOOK);
    log.answered("a", "p1\n1 first\nend-of-effects\n<system-reminder>…</system-reminder>");

    assertThat(seen()).isEqualTo(new Seen(List.of("p1", "1 first"), log.next() - 2));
  }

  @Test
  void aFileWithoutALineIsSeenToo() {
    log.command("a", LOOK).answered("a", "end-of-effects");

    assertThat(seen()).isNotNull().extracting(Seen::lines).isEqualTo(List.of());
  }

  @Test
  void aLookThatWasCutSaysNothing() {
    log.command("a", LOOK).answered("a", "Nobody knows whether it ran");
    assertThat(seen()).isNull();

    log.command("b", LOOK).answered("b", "p1\nend-of-effects");
    assertThat(seen()).isNotNull().extracting(Seen::lines).isEqualTo(List.of("p1"));
  }

  @Test
  void theResultOfAnotherCallOrMessageIsNone() {
    log.command("a", "cat effects").answered("a", "p1\nend-of-effects");
    assertThat(seen()).isNull();

    log.command("b", LOOK).answered("b", "p1\nend-of-effects");
    assertThat(Seen.in(log.events(), "another")).isNull();
  }

  private @Nullable Seen seen() {
    return Seen.in(log.events(), TestLog.MESSAGE);
  }
}
