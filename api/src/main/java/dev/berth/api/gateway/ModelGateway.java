package dev.berth.api.gateway;

import dev.berth.api.gateway.GatewayRecords.Caller;
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
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.HttpRequestHandler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;

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
    var asked = model(body);
    if (asked == null && caller.models() != null && request.getMethod().equals("POST")) {
      // The provider may read what this process cannot.
      refuse(
          response,
          400,
          "invalid_request_error",
          "The request names no model that can be read (expected: one of %s)."
              .formatted(caller.models()));
      return;
    }
    if (asked != null && !caller.mayAsk(asked)) {
      refuse(
          response,
          403,
          "permission_error",
          "The session may not ask the model %s (expected: one of %s)."
              .formatted(asked, caller.models()));
      return;
    }
    forward(request, response, caller, path, body, asked == null ? "" : asked);
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
      String model)
      throws IOException {
    var started = System.nanoTime();
    try (var answer = provider.send(toProvider(request, path, body))) {
      response.setStatus(answer.getCode());
      copyHeaders(answer, response);
      var content = answer.getEntity() == null ? null : answer.getEntity().getContent();
      if (content == null) {
        response.flushBuffer();
      } else if (path.equals(MESSAGES) && answer.getCode() < 300) {
        passMetered(content, response, caller, turn(request), model, isStream(answer));
      } else {
        content.transferTo(response.getOutputStream());
      }
      LOG.atDebug()
          .addKeyValue("status", answer.getCode())
          .addKeyValue("session", caller.session())
          .addKeyValue("model", model)
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

  private ClassicHttpRequest toProvider(HttpServletRequest request, String path, byte[] body) {
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
    if (body.length > 0) {
      toProvider.setEntity(new ByteArrayEntity(body, null));
    }
    return toProvider.build();
  }

  private void passMetered(
      InputStream content,
      HttpServletResponse response,
      Caller caller,
      @Nullable UUID turn,
      String model,
      boolean stream)
      throws IOException {
    // The entry's id is made here, once for a request that the provider has answered.
    var entry = UUID.randomUUID().toString();
    if (stream) {
      new MeteredStream(ModelUsage.of(model), usage -> records.charge(caller, entry, turn, usage))
          .pass(content, response.getOutputStream());
      return;
    }
    var whole = content.readAllBytes();
    var usage = usage(whole, model);
    if (!usage.isEmpty()) {
      records.charge(caller, entry, turn, usage);
    }
    response.getOutputStream().write(whole);
  }

  private static ModelUsage usage(byte[] message, String model) {
    try {
      return ModelUsage.of(model).updated(ProtocolJson.mapper().readTree(message));
    } catch (JacksonException notJson) {
      return ModelUsage.of(model);
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

  /** The model that a request names; the last one counts, as in a tree of it. */
  private static @Nullable String model(byte[] body) {
    if (body.length == 0) {
      return null;
    }
    // A request holds the whole conversation: it is read over, and not built up.
    try (var parser = ProtocolJson.mapper().createParser(body)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      var model = (String) null;
      while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
        var isModel = parser.currentName().equals("model");
        var value = parser.nextToken();
        if (isModel) {
          model = value == JsonToken.VALUE_STRING ? parser.getString() : null;
        }
        parser.skipChildren();
      }
      return parser.nextToken() == null ? model : null;
    } catch (JacksonException notJson) {
      // Not for us to judge: the provider answers it.
      return null;
    }
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
