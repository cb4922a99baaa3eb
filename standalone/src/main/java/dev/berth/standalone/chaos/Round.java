package dev.berth.standalone.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that run side by side, and what is struck under them when: a function of the seed and
 * the round's number, so that a failure can be repeated. What the machine does meanwhile is not.
 */
final class Round {
  static final int SESSIONS = 3;

  private static final List<Reference> REFERENCES = List.of(Reference.values());

  /** Rounds of three kinds follow each other: parts of each session, the platform's, and both. */
  private static final List<Integer> PER_SESSION = List.of(3, 0, 2);

  private static final List<Integer> PER_PLATFORM = List.of(0, 3, 1);

  /** Of five strikes one only stops its process for a while. */
  private static final int PAUSES = 5;

  private static final Span PAUSE = new Span(Duration.ofMillis(500), Duration.ofMillis(12_500));

  /** Of four pauses of what has a limit to its silence, one is longer than that limit. */
  private static final int LONG_PAUSES = 4;

  private static final Span LONG_PAUSE = new Span(Duration.ofSeconds(40), Duration.ofSeconds(60));

  /**
   * For how long a session is held up at most by pauses alone, one after the other: at most three
   * strikes hit it.
   */
  static final Duration HELD_UP = LONG_PAUSE.longest().multipliedBy(3);

  static final Duration LONGEST_PAUSE = LONG_PAUSE.longest();

  private final long seed;
  private final int number;
  private final List<Component> ofSessions;
  private final List<Component> ofPlatform;
  private final SplittableRandom random;

  private Round(long seed, int number, List<Component> components) {
    this.seed = seed;
    this.number = number;
    this.ofSessions = components.stream().filter(Component::isOfOneSession).toList();
    this.ofPlatform = components.stream().filter(component -> !component.isOfOneSession()).toList();
    this.random = new SplittableRandom(seed * 1_000_003 + number);
  }

  /**
   * How long a session is when nothing is killed under it.
   *
   * @param events in its log
   */
  record Length(int events, Duration took) {}

  /**
   * Plans a round.
   *
   * @param components that may be struck; at least one
   * @param undisturbed how long each reference session is
   */
  static List<Plan> plan(
      long seed, int number, List<Component> components, Function<Reference, Length> undisturbed) {
    return new Round(seed, number, components).plans(undisturbed);
  }

  private List<Plan> plans(Function<Reference, Length> undisturbed) {
    var plans = new ArrayList<Plan>();
    for (var session = 0; session < SESSIONS; session++) {
      var reference = REFERENCES.get(random.nextInt(REFERENCES.size()));
      var length = undisturbed.apply(reference);
      var strikes = new ArrayList<Strike>();
      for (var strike = 0; strike < strikesAtASession(); strike++) {
        strikes.add(strike(ofSessions, length));
      }
      if (session == 0) {
        for (var strike = 0; strike < strikesAtThePlatform(); strike++) {
          strikes.add(strike(ofPlatform, length));
        }
      }
      plans.add(new Plan(number, seed, reference, strikes));
    }
    return plans;
  }

  private int strikesAtASession() {
    return ofSessions.isEmpty()
        ? 0
        : ofPlatform.isEmpty() ? PER_SESSION.getFirst() : PER_SESSION.get(kind());
  }

  private int strikesAtThePlatform() {
    return ofPlatform.isEmpty()
        ? 0
        : ofSessions.isEmpty() ? PER_PLATFORM.get(1) : PER_PLATFORM.get(kind());
  }

  private int kind() {
    return number % PER_SESSION.size();
  }

  /**
   * How long a session is differs a little from run to run, and may be used for nothing but the
   * scale: the same share of it is drawn each time.
   */
  private Strike strike(List<Component> components, Length length) {
    var component = components.get(random.nextInt(components.size()));
    var afterAnEvent = random.nextBoolean();
    var share = random.nextDouble();
    var moment =
        afterAnEvent
            ? new Moment.Event(1 + (int) (share * length.events()))
            : new Moment.After(Duration.ofMillis((long) (share * length.took().toMillis())));
    return new Strike(component, pause(component), moment);
  }

  private @Nullable Duration pause(Component component) {
    var pauses = random.nextInt(PAUSES) == 0;
    var isLong = random.nextInt(LONG_PAUSES) == 0;
    var share = random.nextDouble();
    var time = (isLong && component.hasSilenceLimit() ? LONG_PAUSE : PAUSE).at(share);
    return switch (component) {
      case CLIENT, DOCKER -> null;
      case AGENT, BRIDGE, CONTAINER, WORKER, API, TEMPORAL, POSTGRES, S3 -> pauses ? time : null;
    };
  }

  private record Span(Duration shortest, Duration longest) {
    /** Where that share of the way ends. */
    Duration at(double share) {
      return shortest.plusMillis((long) (share * longest.minus(shortest).toMillis()));
    }
  }
}
