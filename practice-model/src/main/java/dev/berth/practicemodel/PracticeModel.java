package dev.berth.practicemodel;

import dev.berth.practicemodel.answer.ScriptedModel;
import dev.berth.practicemodel.http.PracticeServer;
import dev.berth.practicemodel.readback.AnsweredRequest;
import dev.berth.practicemodel.readback.RequestLog;
import dev.berth.practicemodel.readback.UsageTotals;
import java.net.URI;
import java.util.List;

/**
 * A running practice model.
 *
 * <ul>
 *   <li>Any key is taken but one that begins with {@code practice-invalid}; none is refused.
 *   <li>Bounds: {@value #KEPT_REQUESTS} requests are kept to be read back.
 *   <li>{@link #close} ends the answers that are under way, delays included.
 * </ul>
 */
public final class PracticeModel implements AutoCloseable {
  private static final int KEPT_REQUESTS = 10_000;

  private final RequestLog log;
  private final PracticeServer server;

  private PracticeModel(RequestLog log, PracticeServer server) {
    this.log = log;
    this.server = server;
  }

  /**
   * Starts it and returns when it listens.
   *
   * @param port 0 for any free one
   */
  public static PracticeModel start(String host, int port) {
    var log = new RequestLog(KEPT_REQUESTS);
    var model = ScriptedModel.withDemoScenarios();
    return new PracticeModel(log, PracticeServer.start(host, port, model, log));
  }

  /** What {@code ANTHROPIC_BASE_URL} has to be. */
  public URI baseUrl() {
    return server.baseUrl();
  }

  /** The last requests, newest last. */
  public List<AnsweredRequest> requests() {
    return log.requests();
  }

  public UsageTotals usage() {
    return log.total();
  }

  /** Forgets the requests and their totals. */
  public void reset() {
    log.reset();
  }

  @Override
  public void close() {
    server.close();
  }
}
