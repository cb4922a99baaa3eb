package dev.berth.workflows.testing;

import dev.berth.protocol.HostId;
import dev.berth.protocol.Problem;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.event.SessionEvent;
import dev.berth.protocol.event.SessionEvent.ApprovalAnswered;
import dev.berth.protocol.event.StopReason;
import dev.berth.workflows.Failures;
import dev.berth.workflows.ports.SessionActivities;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.BiConsumer;

/** The database's side of a session, in memory: epochs, events and the one end of each turn. */
public final class FakeSessionActivities implements SessionActivities {
  private List<HostId> hosts;
  private final BiConsumer<TurnId, StopReason> onEnd;
  private final Map<String, Allocated> allocations = new HashMap<>();
  private final Queue<Problem> failingAllocations = new ArrayDeque<>();
  private final Map<String, SessionEvent> events = new LinkedHashMap<>();
  private final Map<TurnId, StopReason> ends = new LinkedHashMap<>();
  private final Map<String, ApprovalAnswered> approvals = new LinkedHashMap<>();
  private int withdrawals;

  public FakeSessionActivities(HostId... hosts) {
    this((turn, reason) -> {}, hosts);
  }

  /**
   * @param onEnd told of the one end of each turn, before anybody else is
   */
  public FakeSessionActivities(BiConsumer<TurnId, StopReason> onEnd, HostId... hosts) {
    this.onEnd = onEnd;
    this.hosts = List.of(hosts);
  }

  /** From now on there are these hosts, and no others. */
  public synchronized void hosts(HostId... now) {
    hosts = List.of(now);
  }

  /** The next allocation finds a part of the platform away. */
  public synchronized void failNextAllocation(Problem away) {
    failingAllocations.add(away);
  }

  @Override
  public synchronized Allocated allocate(AllocateInput input) {
    var problem = failingAllocations.poll();
    if (problem != null) {
      throw Failures.away(problem);
    }
    return allocations.computeIfAbsent(
        input.key(),
        key -> {
          input.events().forEach(event -> events.putIfAbsent(event.id(), event.event()));
          var host =
              hosts.stream()
                  .filter(candidate -> !input.avoid().contains(candidate))
                  .findFirst()
                  .orElse(hosts.getFirst());
          var epoch = allocations.size() + 1;
          return new Allocated(host, new SandboxId("sb-%016x".formatted(epoch)), epoch);
        });
  }

  @Override
  public synchronized boolean hasAnotherHost(AnotherHostInput input) {
    return hosts.stream().anyMatch(host -> !host.equals(input.hostId()));
  }

  @Override
  public synchronized RecordResult record(RecordInput input) {
    input.events().forEach(event -> events.putIfAbsent(event.id(), event.event()));
    return new RecordResult(events.size());
  }

  @Override
  public synchronized EndTurnResult endTurn(EndTurnInput input) {
    return new EndTurnResult(end(input.turnId(), input.stopReason()));
  }

  @Override
  public synchronized ApprovalStands answerApproval(AnswerApprovalInput input) {
    var answer = input.answer();
    return new ApprovalStands(approvals.computeIfAbsent(answer.toolUseId(), call -> answer));
  }

  @Override
  public synchronized void withdrawApprovals(WithdrawApprovalsInput input) {
    withdrawals++;
  }

  /** What stands about each call that was decided about. */
  public synchronized Map<String, ApprovalAnswered> approvals() {
    return new LinkedHashMap<>(approvals);
  }

  /** How often everything that waited was withdrawn. */
  public synchronized int withdrawals() {
    return withdrawals;
  }

  /** Ends a turn, unless it ended before; gives the end that stands. */
  public synchronized StopReason end(TurnId turn, StopReason reason) {
    if (!ends.containsKey(turn)) {
      onEnd.accept(turn, reason);
      ends.put(turn, reason);
    }
    return ends.getOrDefault(turn, reason);
  }

  public synchronized List<SessionEvent> events() {
    return new ArrayList<>(events.values());
  }

  /** How each turn ended, in the order in which they did. */
  public synchronized Map<TurnId, StopReason> ends() {
    return new LinkedHashMap<>(ends);
  }

  /** How many turns ended. */
  public synchronized int ended() {
    return ends.size();
  }

  public synchronized int epochs() {
    return allocations.size();
  }
}
