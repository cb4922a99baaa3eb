package dev.berth.standalone.chaos;

import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One blow.
 *
 * @param pause how long its process is stopped instead; null to kill it
 */
record Strike(Component component, @Nullable Duration pause, Moment moment) {
  StrikeKind kind() {
    return component == Component.CLIENT
        ? StrikeKind.DISCONNECT
        : pause == null ? StrikeKind.KILL : StrikeKind.PAUSE;
  }

  String describe() {
    return "%s %s%s"
        .formatted(
            component.name().toLowerCase(Locale.ROOT),
            switch (moment) {
              case Moment.Event(var number) -> "after event " + number;
              case Moment.After(var time) -> "after %d ms".formatted(time.toMillis());
            },
            pause == null ? "" : ", stopped for %d ms".formatted(pause.toMillis()));
  }
}
