package dev.berth.practicemodel.readback;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The last requests, and totals over all of them.
 *
 * <p>Bounds: the oldest requests are forgotten, their sums are not; totals are kept for so many
 * models and together, under {@value #OTHER_MODELS}, for the rest.
 */
public final class RequestLog {
  private static final int MAX_MODELS = 100;
  private static final String OTHER_MODELS = "other";
  private static final String MESSAGES = "messages";

  private final int capacity;
  private final Deque<AnsweredRequest> requests = new ArrayDeque<>();
  private final Map<String, UsageTotals> byModel = new TreeMap<>();
  private UsageTotals all = UsageTotals.NONE;

  public RequestLog(int capacity) {
    this.capacity = capacity;
  }

  public synchronized void add(AnsweredRequest request) {
    if (requests.size() == capacity) {
      requests.removeFirst();
    }
    requests.addLast(request);
    if (request.endpoint().equals(MESSAGES)) {
      all = all.plus(request);
      var known = byModel.containsKey(request.model()) || byModel.size() < MAX_MODELS;
      byModel.merge(
          known ? request.model() : OTHER_MODELS,
          UsageTotals.NONE.plus(request),
          (before, one) -> before.plus(request));
    }
  }

  /** Newest last. */
  public synchronized List<AnsweredRequest> requests() {
    return List.copyOf(requests);
  }

  public synchronized UsageTotals total() {
    return all;
  }

  public synchronized Map<String, UsageTotals> totalsByModel() {
    return Map.copyOf(byModel);
  }

  public synchronized void reset() {
    requests.clear();
    byModel.clear();
    all = UsageTotals.NONE;
  }
}
