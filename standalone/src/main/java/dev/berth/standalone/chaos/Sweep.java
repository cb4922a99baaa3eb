package dev.berth.standalone.chaos;

import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/**
 * Plans to kill each part right after each event of each reference session, once each, three side
 * by side. The order is mixed, so that the begin of a sweep is a sample of all of it, and a
 * function of the seed, so that a round can be repeated: a session that has an event more or less
 * than last time moves the rest by as much. Finding a process takes some moments: the report counts
 * what was struck, not what was planned.
 */
final class Sweep {
  private Sweep() {}

  /** A part that is killed after so many events of a session. */
  private record Boundary(Reference reference, Component component, int event) {
    long place(long seed) {
      var random = new SplittableRandom(seed);
      for (var step : List.of(reference.name().hashCode(), component.name().hashCode(), event)) {
        random = new SplittableRandom(random.nextLong() + step);
      }
      return random.nextLong();
    }

    Plan plan(int round, long seed) {
      var strike = new Strike(component, null, new Moment.Event(event));
      return new Plan(round, seed, reference, List.of(strike));
    }
  }

  /**
   * Plans a round: one strike at each of its sessions.
   *
   * @param components that are struck
   * @param events how many each reference session has when nothing is struck
   * @return fewer sessions, or none, when every boundary had its turn
   */
  static List<Plan> plan(
      long seed, int number, List<Component> components, ToIntFunction<Reference> events) {
    return List.of(Reference.values()).stream()
        .flatMap(reference ->
            components.stream()
                .flatMap(component ->
                    IntStream.rangeClosed(1, events.applyAsInt(reference))
                        .mapToObj(event -> new Boundary(reference, component, event))))
        .sorted(Comparator.comparingLong(boundary -> boundary.place(seed)))
        .skip((long) number * Round.SESSIONS)
        .limit(Round.SESSIONS)
        .map(boundary -> boundary.plan(number, seed))
        .toList();
  }
}
