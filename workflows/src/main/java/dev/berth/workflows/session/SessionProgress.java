package dev.berth.workflows.session;

import dev.berth.protocol.event.SessionEvent;
import dev.berth.workflows.SearchAttributes;
import dev.berth.workflows.ports.SessionActivities.NamedEvent;
import dev.berth.workflows.ports.SessionActivities.RecordInput;
import io.temporal.common.SearchAttributeUpdate;
import io.temporal.workflow.Workflow;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Holds the state of a session and shows it: in the log and the row for clients, in search
 * attributes and details for operators.
 */
final class SessionProgress {
  private final SessionInput input;
  private final SessionActivityStubs activities;
  private SessionState state;
  private Map<String, Object> shown = Map.of();

  SessionProgress(SessionInput input, SessionActivityStubs activities) {
    this.input = input;
    this.activities = activities;
    this.state = input.carried() == null ? SessionState.initial() : input.carried();
  }

  SessionState state() {
    return state;
  }

  void change(UnaryOperator<SessionState> change) {
    state = change.apply(state);
  }

  /** Enters a phase that clients hear of from here. */
  void enter(Phase phase, @Nullable String reason) {
    var status = phase.status();
    var changed = status != state.phase().status();
    show(phase);
    if (changed) {
      record(
          "status: " + status.wireName(), List.of(new SessionEvent.StatusChanged(status, reason)));
    }
  }

  /** Enters a phase that clients hear of from the activity that begins it. */
  void show(Phase phase) {
    state = state.withPhase(phase);
    var attributes = attributes();
    var values = values(attributes);
    if (!values.equals(shown)) {
      shown = values;
      var updates = new ArrayList<>(attributes);
      updates.add(
          SearchAttributes.LAST_ACTIVITY.valueSet(
              OffsetDateTime.ofInstant(
                  Instant.ofEpochMilli(Workflow.currentTimeMillis()), ZoneOffset.UTC)));
      Workflow.upsertTypedSearchAttributes(updates.toArray(SearchAttributeUpdate[]::new));
    }
    Workflow.setCurrentDetails(details());
  }

  void record(String summary, List<SessionEvent> events) {
    activities.sessionLocally(summary).record(new RecordInput(input.sessionId(), named(events)));
  }

  /** Stores an event that has an id of its own. */
  void record(String summary, NamedEvent event) {
    activities.sessionLocally(summary).record(new RecordInput(input.sessionId(), List.of(event)));
  }

  /** Gives events ids that stay the same in every replay and every attempt. */
  List<NamedEvent> named(List<SessionEvent> events) {
    return events.stream()
        .map(event -> new NamedEvent("w/" + Workflow.randomUUID(), event))
        .toList();
  }

  /** To compare by: updates themselves are compared by identity. What is unset is left out. */
  private static Map<String, Object> values(List<SearchAttributeUpdate<?>> attributes) {
    return attributes.stream()
        .filter(update -> update.getValue().isPresent())
        .collect(
            Collectors.toMap(
                update -> update.getKey().getName(), update -> update.getValue().orElseThrow()));
  }

  private List<SearchAttributeUpdate<?>> attributes() {
    var sandbox = state.sandbox();
    var updates = new ArrayList<SearchAttributeUpdate<?>>();
    updates.add(SearchAttributes.PHASE.valueSet(state.phase().label()));
    updates.add(SearchAttributes.TURNS.valueSet(state.turns()));
    updates.add(
        sandbox == null
            ? SearchAttributes.HOST.valueUnset()
            : SearchAttributes.HOST.valueSet(sandbox.hostId().value()));
    var reason = state.phase().reason();
    updates.add(
        reason == null
            ? SearchAttributes.REASON.valueUnset()
            : SearchAttributes.REASON.valueSet(reason));
    var ended = state.lastSandboxEnd();
    if (ended != null) {
      updates.add(SearchAttributes.SANDBOX_END.valueSet(ended.wireName()));
    }
    var stop = state.lastStop();
    if (stop != null) {
      updates.add(SearchAttributes.STOP_REASON.valueSet(stop.wireName()));
    }
    return updates;
  }

  private String details() {
    var sandbox = state.sandbox();
    var stop = state.lastStop();
    var permit = state.permit();
    var reason = state.phase().reason();
    return """
    **%s** since %s%s

    | | |
    | --- | --- |
    | end user | `%s` of project `%s` |
    | sandbox | %s |
    | turns | %d, last stop: %s |
    | running | %s |
    | waiting | %d |
    | permit | %s |
    """
        .formatted(
            state.phase().label(),
            Instant.ofEpochMilli(Workflow.currentTimeMillis()),
            reason == null ? "" : ": " + reason,
            input.endUserId().value().replace('`', '\''),
            input.projectId(),
            sandbox == null
                ? "none"
                : "`berth-%s` (`%s`) on `%s`, epoch %d"
                    .formatted(
                        input.sessionId(), sandbox.sandboxId(), sandbox.hostId(), sandbox.epoch()),
            state.turns(),
            stop == null ? "none yet" : stop.wireName(),
            state.running() == null ? "nothing" : "`" + state.running() + "`",
            state.queue().size(),
            permit == null ? "none" : permit.standing().name().toLowerCase(Locale.ROOT));
  }
}
