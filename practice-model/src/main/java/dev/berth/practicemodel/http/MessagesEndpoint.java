package dev.berth.practicemodel.http;

import dev.berth.practicemodel.answer.Answer;
import dev.berth.practicemodel.answer.ScriptedModel;
import dev.berth.practicemodel.conversation.InvalidRequest;
import dev.berth.practicemodel.conversation.MessagesRequest;
import dev.berth.practicemodel.readback.AnsweredRequest;
import dev.berth.practicemodel.readback.RequestLog;
import dev.berth.practicemodel.tokens.PromptCache;
import dev.berth.practicemodel.tokens.TokenRule;
import dev.berth.practicemodel.tokens.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code POST /v1/messages} and {@code POST /v1/messages/count_tokens}. */
final class MessagesEndpoint {
  /** Keys that begin so are always refused, so that a revoked key can be tried. */
  private static final String REFUSED_KEYS = "practice-invalid";

  /** A client that waits for a whole message cannot be seen to leave. */
  private static final Duration MAX_SILENCE = Duration.ofMinutes(10);

  private static final String BEARER = "bearer ";
  private static final String SESSION_ID = "x-claude-code-session-id";
  private static final String AGENT_ID = "x-claude-code-agent-id";

  private final ScriptedModel model;
  private final PromptCache cache;
  private final RequestLog log;
  private final int maxBodyBytes;
  private final JsonMapper json;

  MessagesEndpoint(ScriptedModel model, PromptCache cache, RequestLog log, int maxBodyBytes) {
    this.model = model;
    this.cache = cache;
    this.log = log;
    this.maxBodyBytes = maxBodyBytes;
    var constraints = StreamReadConstraints.builder().maxStringLength(maxBodyBytes).build();
    this.json =
        JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
            .build();
  }

  void messages(Exchange exchange) throws IOException {
    var entry = new Entry(exchange, "messages");
    try {
      var request = read(exchange, entry);
      reply(exchange, request, model.answer(request), entry);
    } catch (ApiError error) {
      log.add(entry.with(Usage.NONE, new AnsweredRequest.Failed(error.status())));
      throw error;
    }
  }

  void countTokens(Exchange exchange) throws IOException {
    var entry = new Entry(exchange, "count_tokens");
    try {
      var tokens = TokenRule.ofRequest(read(exchange, entry).body());
      log.add(entry.with(Usage.NONE, new AnsweredRequest.Completed()));
      exchange.send(200, JsonNodeFactory.instance.objectNode().put("input_tokens", tokens));
    } catch (ApiError error) {
      log.add(entry.with(Usage.NONE, new AnsweredRequest.Failed(error.status())));
      throw error;
    }
  }

  static void requireKey(Exchange exchange) {
    var bearer =
        exchange
            .header("authorization")
            .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(BEARER))
            .map(value -> value.substring(BEARER.length()).strip());
    var key = exchange.header("x-api-key").or(() -> bearer).orElse("");
    if (key.isEmpty()) {
      throw new ApiError(401, "x-api-key header is required");
    }
    if (key.startsWith(REFUSED_KEYS)) {
      throw new ApiError(401, "invalid x-api-key");
    }
  }

  private MessagesRequest read(Exchange exchange, Entry entry) throws IOException {
    requireKey(exchange);
    var body = exchange.body(maxBodyBytes);
    try {
      var request =
          MessagesRequest.of(
              json.readTree(body), exchange.header(SESSION_ID), exchange.header(AGENT_ID));
      entry.request = request;
      return request;
    } catch (JacksonException e) {
      throw new ApiError(400, "The request body is not valid JSON");
    } catch (InvalidRequest e) {
      throw new ApiError(400, String.valueOf(e.getMessage()));
    }
  }

  private void reply(Exchange exchange, MessagesRequest request, Answer answer, Entry entry)
      throws IOException {
    entry.purpose = answer.reply().purpose().wireName();
    if (answer.fate() instanceof Answer.Refused(var status)) {
      throw ApiError.scripted(status);
    }
    var usage = cache.account(request.model(), request.body()).withOutput(answer.reply().tokens());
    if (request.streams()) {
      stream(exchange, request, answer, usage, entry);
    } else {
      whole(exchange, request, answer, usage, entry);
    }
  }

  private void stream(
      Exchange exchange, MessagesRequest request, Answer answer, Usage usage, Entry entry)
      throws IOException {
    var completed = entry.with(usage, new AnsweredRequest.Completed());
    var stream = new EventStream(exchange, answer, () -> log.add(completed));
    try {
      new ReplyEvents(stream, answer.perToken().isPositive())
          .send(answer.reply(), request.model(), usage);
    } catch (IOException e) {
      var sent = stream.events() == 0 ? Usage.NONE : usage.withOutput(stream.tokens());
      log.addOrCorrect(completed, entry.with(sent, cutBy(e, stream.events())));
      throw e;
    }
  }

  private void whole(
      Exchange exchange, MessagesRequest request, Answer answer, Usage usage, Entry entry)
      throws IOException {
    var completed = entry.with(usage, new AnsweredRequest.Completed());
    try {
      EventStream.sleep(timeFor(answer));
      if (!(answer.fate() instanceof Answer.Whole)) {
        throw new EventStream.StreamCut();
      }
      log.add(completed);
      exchange.send(200, MessageJson.whole(answer.reply(), request.model(), usage));
    } catch (IOException e) {
      log.addOrCorrect(completed, entry.with(Usage.NONE, cutBy(e, 0)));
      throw e;
    }
  }

  private static AnsweredRequest.Outcome cutBy(IOException cause, int events) {
    return new AnsweredRequest.Cut(cause instanceof EventStream.StreamCut, events);
  }

  private static Duration timeFor(Answer answer) {
    var time = answer.delay().plus(answer.perToken().multipliedBy(answer.reply().tokens()));
    if (answer.fate() instanceof Answer.StalledAfter(var events, var duration)) {
      time = time.plus(duration);
    }
    return time.compareTo(MAX_SILENCE) < 0 ? time : MAX_SILENCE;
  }

  /** What is known of a request while it is answered. */
  private static final class Entry {
    private final Exchange exchange;
    private final String endpoint;
    private @Nullable MessagesRequest request;
    private String purpose = "";

    Entry(Exchange exchange, String endpoint) {
      this.exchange = exchange;
      this.endpoint = endpoint;
    }

    AnsweredRequest with(Usage usage, AnsweredRequest.Outcome outcome) {
      var known = Optional.ofNullable(request);
      return new AnsweredRequest(
          exchange.id(),
          exchange.at(),
          known.map(MessagesRequest::model).orElse(""),
          endpoint,
          known.map(read -> read.key().text()).orElse(""),
          purpose,
          usage,
          outcome,
          exchange.recordedHeaders());
    }
  }
}
