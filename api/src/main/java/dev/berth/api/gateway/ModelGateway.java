package dev.berth.api.gateway;

import static java.io.InputStream.nullInputStream;

import dev.berth.api.gateway.GatewayRecords.Caller;
import dev.berth.api.gateway.GatewayRecords.OpenedRequest;
import dev.berth.api.gateway.ModelOutcome.Answered;
import dev.berth.api.gateway.ModelOutcome.Lost;
import dev.berth.api.gateway.ModelOutcome.Refused;
import dev.berth.protocol.ProtocolJson;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.HttpRequestHandler;
import tools.jackson.core.JacksonException;

/**
 * The Messages API for sandboxes. It knows the caller by the worker's credential, lets through the
 * endpoints and models that the session may use, adds the provider's key, and accounts for what was
 * used. What the provider says, errors included, is passed on unchanged.
 */
final class ModelGateway implements HttpRequestHandler {
  static final String PREFIX = "/gateway";

  private static final Logger LOG = LoggerFactory.getLogger(ModelGateway.class);

  private static final String MESSAGES = "/v1/messages";
  private static final Set<String> ENDPOINTS =
      Set.of("POST " + MESSAGES, "POST " + MESSAGES + "/count_tokens", "GET /v1/models");

  /** Of the caller's headers only these reach the provider. */
  private static final List<String> PASSED =
      List.of(
          "accept",
          "anthropic-beta",
          "anthropic-version",
          "anthropic-dangerous-direct-browser-access",
          "content-type",
          "user-agent",
          "x-app",
          "x-claude-code-agent-id",
          "x-stainless-lang",
          "x-stainless-package-version",
          "x-stainless-retry-count",
          "x-stainless-runtime");

  /** Of the provider's headers all but those that belong to the one connection. */
  private static final Set<String> HELD_BACK =
      Set.of("connection", "transfer-encoding", "content-length", "keep-alive", ":status");

  private final GatewayProperties properties;
  private final SandboxCredentials credentials;
  private final GatewayRecords records;
  private final ProviderClient provider;

  ModelGateway(
      GatewayProperties properties,
      SandboxCredentials credentials,
      GatewayRecords records,
      ProviderClient provider) {
    this.properties = properties;
    this.credentials = credentials;
    this.records = records;
    this.provider = provider;
  }

  @Override
  public void handleRequest(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    var caller = caller(request);
    if (caller == null) {
      refuse(response, 401, "authentication_error", "The sandbox is not the session's any more.");
      return;
    }
    var path = request.getRequestURI().substring(PREFIX.length());
    if (!ENDPOINTS.contains(request.getMethod() + " " + path)) {
      refuse(response, 404, "not_found_error", "Not available here: " + path);
      return;
    }
    var body = request.getInputStream().readNBytes((int) properties.maxRequest().toBytes() + 1);
    if (body.length > properties.maxRequest().toBytes()) {
      refuse(response, 413, "request_too_large", "The request is larger than the provider takes.");
      return;
    }
    var asked = ModelRequest.read(body);
    var model = asked.model();
    if (model == null && caller.models() != null && request.getMethod().equals("POST")) {
      // The provider may read what this process cannot.
      refuse(
          response,
          400,
          "invalid_request_error",
          "The request names no model that can be read (expected: one of %s)."
              .formatted(caller.models()));
      return;
    }
    if (model != null && !caller.mayAsk(model)) {
      refuse(
          response,
          403,
          "permission_error",
          "The session may not ask the model %s (expected: one of %s)."
              .formatted(model, caller.models()));
      return;
    }
    forward(request, response, caller, path, body, asked);
  }

  private @Nullable Caller caller(HttpServletRequest request) {
    var header = request.getHeader("Authorization");
    var holder =
        header == null || !header.startsWith("Bearer ")
            ? null
            : credentials.verify(header.substring("Bearer ".length()));
    return holder == null ? null : records.caller(holder);
  }

  private void forward(
      HttpServletRequest request,
      HttpServletResponse response,
      Caller caller,
      String path,
      byte[] body,
      ModelRequest asked)
      throws IOException {
    var started = System.nanoTime();
    var sent = new SentBody(body);
    var toProvider = toProvider(request, path, body.length == 0 ? null : sent);
    var opened = path.equals(MESSAGES) ? records.open(caller, turn(request), asked) : null;
    try (var answer = send(toProvider, sent, opened)) {
      response.setStatus(answer.getCode());
      copyHeaders(answer, response);
      var content =
          answer.getEntity() == null ? nullInputStream() : answer.getEntity().getContent();
      if (opened == null) {
        content.transferTo(response.getOutputStream());
      } else if (answer.getCode() >= 300) {
        records.close(opened, new Refused());
        content.transferTo(response.getOutputStream());
      } else {
        passMetered(content, response, opened, isStream(answer));
      }
      LOG.atDebug()
          .addKeyValue("status", answer.getCode())
          .addKeyValue("session", caller.session())
          .addKeyValue("model", asked.modelName())
          .addKeyValue("ms", (System.nanoTime() - started) / 1_000_000)
          .log("model request");
    } catch (IOException failed) {
      LOG.atInfo().log(
          "session {}: a model request failed: {}", caller.session(), failed.toString());
      if (response.isCommitted()) {
        throw failed;
      }
      response.reset();
      refuse(response, 502, "api_error", "The model's provider does not answer.");
    }
  }

  private ClassicHttpResponse send(
      ClassicHttpRequest toProvider, SentBody body, @Nullable OpenedRequest opened)
      throws IOException {
    try {
      return provider.send(toProvider);
    } catch (IOException | RuntimeException failed) {
      if (opened != null) {
        records.close(opened, body.isWhole() ? Lost.unheard(opened.asked()) : new Refused());
      }
      throw failed;
    }
  }

  private ClassicHttpRequest toProvider(
      HttpServletRequest request, String path, @Nullable SentBody body) {
    var query = request.getQueryString();
    var toProvider =
        ClassicRequestBuilder.create(request.getMethod())
            .setUri(trimmed(properties.providerUrl()) + path + (query == null ? "" : "?" + query))
            .setHeader("x-api-key", properties.providerKey().value());
    for (var name : PASSED) {
      var value = request.getHeader(name);
      if (value != null) {
        toProvider.setHeader(name, value);
      }
    }
    if (body != null) {
      toProvider.setEntity(body);
    }
    return toProvider.build();
  }

  private void passMetered(
      InputStream content, HttpServletResponse response, OpenedRequest opened, boolean stream)
      throws IOException {
    var nothing = ModelUsage.of(opened.asked().modelName());
    if (stream) {
      new MeteredStream(nothing, outcome -> records.close(opened, outcome))
          .pass(content, response.getOutputStream());
      return;
    }
    byte[] whole;
    try {
      whole = content.readAllBytes();
    } catch (IOException cut) {
      records.close(opened, Lost.unheard(opened.asked()));
      throw cut;
    }
    var usage = usage(whole, nothing);
    records.close(opened, usage.isEmpty() ? Lost.unheard(opened.asked()) : new Answered(usage));
    response.getOutputStream().write(whole);
  }

  private static ModelUsage usage(byte[] message, ModelUsage nothing) {
    try {
      return nothing.updated(ProtocolJson.mapper().readTree(message));
    } catch (JacksonException notJson) {
      return nothing;
    }
  }

  private static boolean isStream(ClassicHttpResponse answer) {
    var type = answer.getFirstHeader("content-type");
    return type != null && type.getValue().startsWith("text/event-stream");
  }

  private static void copyHeaders(ClassicHttpResponse answer, HttpServletResponse response) {
    for (var header : answer.getHeaders()) {
      if (!HELD_BACK.contains(header.getName().toLowerCase(Locale.ROOT))) {
        response.addHeader(header.getName(), header.getValue());
      }
    }
  }

  /** The turn is the worker's word; the sandbox cannot set it. */
  private static @Nullable UUID turn(HttpServletRequest request) {
    var header = request.getHeader("x-berth-turn");
    return header == null ? null : UUID.fromString(header);
  }

  private static String trimmed(URI base) {
    var text = base.toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  private static void refuse(HttpServletResponse response, int status, String type, String message)
      throws IOException {
    response.setStatus(status);
    response.setContentType("application/json");
    response
        .getOutputStream()
        .write(
            ProtocolJson.mapper()
                .writeValueAsBytes(
                    Map.of("type", "error", "error", Map.of("type", type, "message", message))));
  }
}
