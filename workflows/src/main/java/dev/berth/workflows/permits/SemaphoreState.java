package dev.berth.workflows.permits;

import dev.berth.protocol.EndUserId;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRelease;
import dev.berth.workflows.permits.DeveloperSemaphoreWorkflow.PermitRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Who holds a permit and who waits for one, and all that a run hands to the next one. Immutable,
 * and free of Temporal.
 *
 * @param holders in the order in which they got it
 * @param waiting in the order in which they asked
 * @param granted permits that were given, ever
 */
public record SemaphoreState(
    int capacity, List<Holder> holders, List<Waiter> waiting, long granted) {

  /**
   * What one run can carry to the next. A request beyond it is not taken; who made it asks again.
   */
  static final int MAX_WAITING = 2_000;

  /**
   * @param sinceMillis when it got the permit, by the workflow's clock
   * @param told whether it has been told that it holds the permit
   * @param wanted whether it has been told that somebody waits
   */
  public record Holder(
      String sessionWorkflowId,
      String requestId,
      EndUserId endUserId,
      long sinceMillis,
      boolean told,
      boolean wanted) {}

  /**
   * @param told whether it has been told that it waits
   */
  public record Waiter(
      String sessionWorkflowId, String requestId, EndUserId endUserId, boolean told) {}

  public SemaphoreState {
    holders = List.copyOf(holders);
    waiting = List.copyOf(waiting);
  }

  static SemaphoreState initial() {
    return new SemaphoreState(0, List.of(), List.of(), 0);
  }

  SemaphoreState requested(PermitRequest request) {
    var session = request.sessionWorkflowId();
    if (holders.stream().anyMatch(holder -> holder.sessionWorkflowId().equals(session))) {
      var again =
          replaced(
              holders,
              holder -> holder.sessionWorkflowId().equals(session),
              holder ->
                  new Holder(
                      session,
                      request.requestId(),
                      request.endUserId(),
                      holder.sinceMillis(),
                      false,
                      false));
      return new SemaphoreState(request.capacity(), again, waiting, granted);
    }
    var waiter = new Waiter(session, request.requestId(), request.endUserId(), false);
    if (waiting.stream().anyMatch(other -> other.sessionWorkflowId().equals(session))) {
      var again =
          replaced(waiting, other -> other.sessionWorkflowId().equals(session), other -> waiter);
      return new SemaphoreState(request.capacity(), holders, again, granted);
    }
    var longer = new ArrayList<>(waiting);
    if (longer.size() < MAX_WAITING) {
      longer.add(waiter);
    }
    return new SemaphoreState(request.capacity(), holders, longer, granted);
  }

  SemaphoreState released(PermitRelease release) {
    return new SemaphoreState(
        capacity,
        without(
            holders,
            holder ->
                holder.sessionWorkflowId().equals(release.sessionWorkflowId())
                    && holder.requestId().equals(release.requestId())),
        without(
            waiting,
            waiter ->
                waiter.sessionWorkflowId().equals(release.sessionWorkflowId())
                    && waiter.requestId().equals(release.requestId())),
        granted);
  }

  /** Takes back what sessions hold that do not exist any more. */
  SemaphoreState withoutSessions(Collection<String> gone) {
    return new SemaphoreState(
        capacity,
        without(holders, holder -> gone.contains(holder.sessionWorkflowId())),
        without(waiting, waiter -> gone.contains(waiter.sessionWorkflowId())),
        granted);
  }

  boolean canGrant() {
    return holders.size() < capacity && !waiting.isEmpty();
  }

  /** The one who waits longest gets a permit. */
  SemaphoreState granting(long nowMillis) {
    var next = waiting.getFirst();
    var holding = new ArrayList<>(holders);
    holding.add(
        new Holder(
            next.sessionWorkflowId(), next.requestId(), next.endUserId(), nowMillis, false, false));
    return new SemaphoreState(capacity, holding, waiting.subList(1, waiting.size()), granted + 1);
  }

  /** Who holds a permit and does not know it, or does not know that somebody waits for it. */
  List<Holder> holdersToTell() {
    return holders.stream()
        .filter(holder -> !holder.told() || (!holder.wanted() && !waiting.isEmpty()))
        .toList();
  }

  List<Waiter> waitersToTell() {
    return waiting.stream().filter(waiter -> !waiter.told()).toList();
  }

  /** These know what there is to know. */
  SemaphoreState told(Collection<String> sessions) {
    var somebodyWaits = !waiting.isEmpty();
    return new SemaphoreState(
        capacity,
        replaced(
            holders,
            holder -> sessions.contains(holder.sessionWorkflowId()),
            holder ->
                new Holder(
                    holder.sessionWorkflowId(),
                    holder.requestId(),
                    holder.endUserId(),
                    holder.sinceMillis(),
                    true,
                    holder.wanted() || somebodyWaits)),
        replaced(
            waiting,
            waiter -> sessions.contains(waiter.sessionWorkflowId()),
            waiter ->
                new Waiter(
                    waiter.sessionWorkflowId(), waiter.requestId(), waiter.endUserId(), true)),
        granted);
  }

  private static <T> List<T> replaced(
      List<T> list, Predicate<T> which, UnaryOperator<T> replacement) {
    return list.stream().map(one -> which.test(one) ? replacement.apply(one) : one).toList();
  }

  private static <T> List<T> without(List<T> list, Predicate<T> which) {
    return list.stream().filter(which.negate()).toList();
  }
}
