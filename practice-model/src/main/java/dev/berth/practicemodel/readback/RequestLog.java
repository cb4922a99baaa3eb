package dev.berth.practicemodel.readback;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The last requests, and totals over all of them.
 *
 * <ul>
 *   <li>An answer is entered just before its last byte is written, so that whoever has read an
 *       answer finds it here; it is corrected when that byte could not be written.
 *   <li>Bounds: the oldest requests are forgotten, their sums are not; totals are kept for so many
 *       models and together, under {@value #OTHER_MODELS}, for the rest.
 * </ul>
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
      if (!request.model().isEmpty()) {
        var model = bucket(request.model());
        byModel.put(model, byModel.getOrDefault(model, UsageTotals.NONE).plus(request));
      }
    }
  }

  /** Enters the second; the first, if it was entered already, was not true. */
  public synchronized void addOrCorrect(AnsweredRequest hoped, AnsweredRequest happened) {
    if (requests.remove(hoped)) {
      all = all.minus(hoped);
      byModel.computeIfPresent(bucket(hoped.model()), (model, totals) -> totals.minus(hoped));
    }
    add(happened);
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

  private String bucket(String model) {
    return byModel.containsKey(model) || byModel.size() < MAX_MODELS ? model : OTHER_MODELS;
  }
}
