package dev.berth.practicemodel.http;

import dev.berth.practicemodel.answer.Answer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.util.Callback;
import tools.jackson.databind.node.ObjectNode;

/** Server-sent events on an exchange, at the pace and with the fate that the script wants. */
final class EventStream implements ReplyEvents.Sink {
  /** Pings keep proxies patient, and show whether the client is still there. */
  private static final Duration PING_EVERY = Duration.ofSeconds(5);

  private static final String PING = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
  private static final String LAST_EVENT = "message_stop";

  private final Exchange exchange;
  private final Answer answer;
  private final Runnable beforeLastEvent;
  private int events;
  private int tokens;

  EventStream(Exchange exchange, Answer answer, Runnable beforeLastEvent) {
    this.exchange = exchange;
    this.answer = answer;
    this.beforeLastEvent = beforeLastEvent;
    exchange.startEvents();
  }

  /** How many events were sent, pings not counted. */
  int events() {
    return events;
  }

  /** How many tokens of output were sent. */
  int tokens() {
    return tokens;
  }

  @Override
  public void send(ObjectNode event, int tokensSoFar) throws IOException {
    meetFate();
    var name = event.path("type").asString();
    var last = name.equals(LAST_EVENT);
    if (last) {
      beforeLastEvent.run();
    }
    exchange.write("event: " + name + "\ndata: " + event + "\n\n", last);
    events++;
    tokens = tokensSoFar;
  }

  @Override
  public void pauseBeforeFirstToken() throws IOException {
    pause(answer.delay());
  }

  @Override
  public void pauseBeforeToken() throws IOException {
    pause(answer.perToken());
  }

  private void pause(Duration duration) throws IOException {
    for (var left = duration; left.isPositive(); left = left.minus(PING_EVERY)) {
      sleep(left.compareTo(PING_EVERY) < 0 ? left : PING_EVERY);
      if (left.compareTo(PING_EVERY) > 0) {
        exchange.write(PING, false);
      }
    }
  }

  private void meetFate() throws StreamCut {
    switch (answer.fate()) {
      case Answer.Whole() -> {}
      case Answer.Refused refused -> throw new IllegalStateException("not streamed: " + refused);
      case Answer.CutAfter(var limit) -> {
        if (events >= limit) {
          throw new StreamCut();
        }
      }
      case Answer.StalledAfter(var limit, var duration) -> {
        if (events >= limit) {
          awaitDisconnect(duration);
          throw new StreamCut();
        }
      }
    }
  }

  /** The connection is not used after a stall, so its readiness can be watched. */
  private void awaitDisconnect(Duration most) throws StreamCut {
    var gone = new CompletableFuture<Boolean>();
    exchange.endPoint().tryFillInterested(Callback.from(() -> gone.complete(true)));
    try {
      gone.get(most.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new StreamCut();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StreamCut();
    }
  }

  static void sleep(Duration duration) throws InterruptedIOException {
    try {
      Thread.sleep(duration);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the practice model is closing");
    }
  }

  /** The script wants the connection to end here. */
  static final class StreamCut extends IOException {
    private static final long serialVersionUID = 1L;

    StreamCut() {
      super("cut by the script");
    }
  }
}
