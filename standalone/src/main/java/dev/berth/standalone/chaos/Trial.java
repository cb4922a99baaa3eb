package dev.berth.standalone.chaos;

import dev.berth.standalone.chaos.Reference.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** One reference session, and what is done to it. */
final class Trial {
  private static final Duration PATIENCE = Duration.ofMinutes(3).plus(Round.HELD_UP);

  /** An event that has not come by then does not: it strikes without it. */
  private static final Duration EVENT_COMES = Duration.ofMinutes(3);

  /** The same, when all that was sent has ended. */
  private static final Duration LAST_EVENT_COMES = Duration.ofSeconds(5);

  /** What removes a container may be stopped on account of a session beside it. */
  private static final Duration GONE = Duration.ofSeconds(60).plus(Round.LONGEST_PAUSE);

  private static final Duration STREAMED = Duration.ofSeconds(20);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final int LOOKS = 3;

  private static final Set<String> COMPLETED = Set.of("turn.completed");

  private static final Oracle.EffectsDifference NONE = new Oracle.EffectsDifference(0, 0);

  /** Who interrupts and who ends first is not known beforehand. */
  private static final Set<String> CUT = Set.of("turn.interrupted", "turn.completed");

  private final EndUser user;
  private final Victims victims;
  private final Ledger ledger;
  private final Diagnosis diagnosis;
  private final Map<String, Set<String>> messages = new LinkedHashMap<>();

  Trial(EndUser user, Victims victims, Ledger ledger, Diagnosis diagnosis) {
    this.user = user;
    this.victims = victims;
    this.ledger = ledger;
    this.diagnosis = diagnosis;
  }

  /** A session to its end, and what was seen of it. */
  record Run(TrialResult result, Round.Length length) {}

  Run run(Plan plan) throws InterruptedException {
    try (var visit = user.visit(plan.reference())) {
      return run(plan, visit);
    }
  }

  private Run run(Plan plan, EndUser.Visit visit) throws InterruptedException {
    var session = visit.session();
    var oracle = new Oracle();
    try (var follower = Follower.start(user.events(session))) {
      var began = Instant.now();
      var isOver = new AtomicBoolean();
      var strikes =
          plan.strikes().stream().map(strike -> strike(strike, visit, follower, isOver)).toList();
      var ended = converse(plan.reference(), session, follower, oracle);
      isOver.set(true);
      follower.look();
      var took = Duration.between(began, Instant.now());
      var struck = strikes.stream().map(CompletableFuture::join).toList();
      var events = follower.events().size();
      var effects = ended ? effects(visit, follower, oracle) : null;
      return new Run(
          result(plan, session, began, follower, oracle, ended, struck, effects),
          new Round.Length(events, took));
    }
  }

  /**
   * A strike that was tried.
   *
   * @param at when; null when there was nothing to strike
   * @param afterEvents how many the client had when it was done
   */
  private record Struck(Strike strike, @Nullable Instant at, int afterEvents) {}

  private CompletableFuture<Struck> strike(
      Strike strike, EndUser.Visit visit, Follower follower, AtomicBoolean isOver) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            await(strike.moment(), follower, isOver);
            var at = Instant.now();
            var hit = victims.strike(strike, visit, follower);
            return new Struck(strike, hit ? at : null, follower.events().size());
          } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return new Struck(strike, null, 0);
          }
        },
        Thread::startVirtualThread);
  }

  private static void await(Moment moment, Follower follower, AtomicBoolean isOver)
      throws InterruptedException {
    switch (moment) {
      case Moment.After(var time) -> TimeUnit.MILLISECONDS.sleep(time.toMillis());
      case Moment.Event(var number) -> {
        follower.await(events -> events.size() >= number || isOver.get(), EVENT_COMES);
        follower.await(events -> events.size() >= number, LAST_EVENT_COMES);
      }
    }
  }

  /** Gives whether everything that was sent came to its end. */
  private boolean converse(Reference reference, String session, Follower follower, Oracle oracle)
      throws InterruptedException {
    try {
      for (var step : reference.steps()) {
        switch (step) {
          case Step.Send(var script, var toTheEnd) -> {
            send(session, script, COMPLETED);
            if (toTheEnd && !awaitEnds(follower)) {
              oracle.findings().add("not every message ended in " + PATIENCE);
              return false;
            }
          }
          case Step.Interrupt() -> {
            var message = messages.keySet().stream().reduce((first, last) -> last).orElseThrow();
            messages.put(message, CUT);
            follower.await(
                events -> Oracle.count("tool.started", events) > 0 || hasEnded(message, events),
                PATIENCE);
            var _ = user.interrupt(session, message);
          }
        }
      }
      return true;
    } catch (EndUser.Refused refused) {
      oracle.findings().add(String.valueOf(refused.getMessage()));
      return false;
    }
  }

  private String send(String session, String script, Set<String> expected)
      throws InterruptedException {
    var message = UUID.randomUUID().toString();
    messages.put(message, expected);
    user.send(session, message, script);
    return message;
  }

  private boolean awaitEnds(Follower follower) throws InterruptedException {
    return follower.await(
        events -> messages.keySet().stream().allMatch(message -> hasEnded(message, events)),
        PATIENCE);
  }

  private static boolean hasEnded(String message, List<JsonNode> events) {
    return events.stream()
        .anyMatch(event ->
            Oracle.ENDS.contains(event.path("type").asString(""))
                && event.path("message_id").asString("").equals(message));
  }

  /**
   * Asks the session itself: that it takes another message is part of what must hold. What is
   * struck on account of a session beside it may cut a look; another one is as good.
   *
   * @return null when the effects could not be read
   */
  private @Nullable Seen effects(EndUser.Visit visit, Follower follower, Oracle oracle)
      throws InterruptedException {
    try {
      for (var look = 0; look < LOOKS; look++) {
        var message = send(visit.session(), Seen.SCRIPT, COMPLETED);
        if (!awaitEnds(follower)) {
          oracle.findings().add("the session took no further message");
          return null;
        }
        var seen = Seen.in(follower.events(), message);
        if (seen != null) {
          return seen.plus(visit.notes());
        }
      }
      oracle.findings().add("in %d turns the effects could not be read".formatted(LOOKS));
    } catch (EndUser.Refused refused) {
      oracle.findings().add(String.valueOf(refused.getMessage()));
    }
    return null;
  }

  private TrialResult result(
      Plan plan,
      String session,
      Instant began,
      Follower follower,
      Oracle oracle,
      boolean ended,
      List<Struck> strikes,
      @Nullable Seen effects)
      throws InterruptedException {
    var took = ended && oracle.findings().isEmpty();
    if (!took) {
      oracle.findings().add(diagnosis.of(session, follower.events()));
    }
    user.close(session);
    var last = lastWord(session, follower);
    var log = last.log();
    var fine = oracle.ends(messages, log) && took;
    var difference = effects == null ? NONE : oracle.effects(effects, log);
    var unlogged = oracle.stream(last.seen(), log);
    var answered = ledger.answered(session);
    var charged = ledger.charged(session);
    var uncharged = oracle.ledger(answered, charged);
    var orphans = orphans(session);
    if (orphans > 0) {
      oracle.findings().add("a container is left behind");
      oracle.findings().add(diagnosis.of(session, log));
    }
    return new TrialResult(
        plan.round(),
        plan.seed(),
        plan.reference(),
        session,
        strikes.stream().map(strike -> result(strike, began, log)).toList(),
        List.of(),
        fine,
        effects == null ? 0 : effects.lines().size(),
        Oracle.count("tool.outcome_unknown", log),
        difference.beyond(),
        difference.lost(),
        unlogged,
        orphans,
        answered.size(),
        charged.estimated(),
        charged.open(),
        uncharged,
        oracle.findings(),
        0);
  }

  private static StrikeResult result(Struck struck, Instant began, List<JsonNode> log) {
    var strike = struck.strike();
    var at = struck.at();
    return new StrikeResult(
        strike.component(),
        strike.kind(),
        strike.describe(),
        at == null ? null : struck.afterEvents(),
        at == null ? null : Duration.between(began, at).toMillis(),
        at == null ? null : recovery(strike.component(), at, log));
  }

  /** A closed session's log, and what its client saw of it. */
  private record LastWord(List<JsonNode> log, List<JsonNode> seen) {}

  private LastWord lastWord(String session, Follower follower) throws InterruptedException {
    while (true) {
      var log = log(session);
      follower.await(events -> events.size() >= log.size(), STREAMED);
      var seen = follower.events();
      // What follows a close may be written after it was answered.
      if (seen.size() <= log.size()) {
        return new LastWord(log, seen);
      }
    }
  }

  private List<JsonNode> log(String session) throws InterruptedException {
    var log = new ArrayList<JsonNode>();
    while (true) {
      var page = user.page(session, log.size());
      page.path("events").forEach(log::add);
      if (!page.path("has_more").asBoolean()) {
        return log;
      }
    }
  }

  private int orphans(String session) throws InterruptedException {
    var deadline = System.nanoTime() + GONE.toNanos();
    while (victims.hasContainer(session)) {
      if (System.nanoTime() > deadline) {
        return 1;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
    }
    return 0;
  }

  /** What was on its way may still come; of a lost sandbox only what the next one says counts. */
  private static @Nullable Long recovery(
      Component component, Instant struckAt, List<JsonNode> log) {
    var epochs =
        log.stream()
            .filter(event -> !at(event).isAfter(struckAt))
            .mapToInt(event -> event.path("epoch").asInt())
            .max()
            .orElse(0);
    return log.stream()
        .filter(event -> at(event).isAfter(struckAt))
        .filter(event ->
            switch (component) {
              case AGENT, BRIDGE, CONTAINER -> event.path("epoch").asInt() > epochs;
              case WORKER, API, TEMPORAL, POSTGRES, S3, DOCKER, CLIENT -> true;
            })
        .findFirst()
        .map(event -> Duration.between(struckAt, at(event)).toMillis())
        .orElse(null);
  }

  private static Instant at(JsonNode event) {
    return Instant.parse(event.path("at").asString());
  }
}
