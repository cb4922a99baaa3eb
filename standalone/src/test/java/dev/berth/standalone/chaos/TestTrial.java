package dev.berth.standalone.chaos;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A session that came to its end without a finding, unless something else is said. */
record TestTrial(
    int round, Reference reference, List<StrikeResult> strikes, List<String> findings) {
  static TestTrial of(int round, StrikeResult... strikes) {
    return new TestTrial(round, Reference.TURNS, List.of(strikes), List.of());
  }

  static StrikeResult killed(Component component) {
    return strike(component, StrikeKind.KILL, 40L);
  }

  static StrikeResult paused(Component component) {
    return strike(component, StrikeKind.PAUSE, 50L);
  }

  static StrikeResult disconnected() {
    return strike(Component.CLIENT, StrikeKind.DISCONNECT, 60L);
  }

  static StrikeResult missed(Component component) {
    return strike(component, StrikeKind.KILL, null);
  }

  TestTrial as(Reference other) {
    return new TestTrial(round, other, strikes, findings);
  }

  TestTrial with(String finding) {
    return new TestTrial(round, reference, strikes, List.of(finding));
  }

  TrialResult result() {
    return lacking(0, 0);
  }

  /** With so many answers of which the model's word never came. */
  TrialResult lacking(int estimated, int open) {
    return result(true, estimated, open);
  }

  TrialResult unfinished(int estimated) {
    return result(false, estimated, 0);
  }

  private TrialResult result(boolean recovered, int estimated, int open) {
    return new TrialResult(
        round, 7, reference, "s", strikes, List.of(), recovered, 3, 0, 0, 0, 0, 0, 6, estimated,
        open, 0, findings, 0);
  }

  private static StrikeResult strike(Component component, StrikeKind kind, @Nullable Long at) {
    return new StrikeResult(
        component, kind, component + " after event 3", at == null ? null : 3, at, null);
  }
}
