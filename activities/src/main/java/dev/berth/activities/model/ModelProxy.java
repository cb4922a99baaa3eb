package dev.berth.activities.model;

import static java.util.Objects.requireNonNull;

import dev.berth.protocol.ProblemException;
import java.time.Duration;
import java.util.Objects;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.proxy.ProxyHandler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.ContainerLifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes what an agent asks of a model to the gateway, byte for byte and as it comes, with the
 * sandbox's credential in place of whatever the agent sent.
 */
final class ModelProxy extends ProxyHandler.Reverse {
  static final String NAME = "model";

  /** Longer than any model thinks without a byte; the Agent SDK gives up before. */
  static final Duration IDLE = Duration.ofMinutes(15);

  /** Tells the gateway for which turn a request is made. */
  private static final String TURN_HEADER = "x-berth-turn";

  private static final Logger LOG = LoggerFactory.getLogger(ModelProxy.class);

  private final GatewayAddresses addresses;
  private final GatewayCredentials credentials;

  ModelProxy(GatewayAddresses addresses, GatewayCredentials credentials) {
    super(request -> target(addresses, request));
    this.addresses = addresses;
    this.credentials = credentials;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (!Objects.equals(request.getConnectionMetaData().getConnector().getName(), NAME)) {
      return false;
    }
    try {
      var caller = caller(request);
      request.setAttribute(NAME, credentials.of(caller.session(), caller.epoch()));
      return super.handle(request, response, callback);
    } catch (ProblemException refused) {
      LOG.atWarn().log("a model request was refused: {}", refused.getMessage());
      Response.writeError(
          request, response, callback, refused.problem().type().httpStatus(), refused.getMessage());
      return true;
    }
  }

  @Override
  protected void configureHttpClient(HttpClient client) {
    super.configureHttpClient(client);
    client.setIdleTimeout(IDLE.toMillis());
    client.setMaxConnectionsPerDestination(4096);
  }

  @Override
  protected void addProxyHeaders(Request request, org.eclipse.jetty.client.Request toGateway) {
    var turn = caller(request).turn();
    toGateway.headers(headers -> {
      headers.remove(HttpHeader.AUTHORIZATION);
      headers.remove("x-api-key");
      headers.put(HttpHeader.AUTHORIZATION, "Bearer " + request.getAttribute(NAME));
      headers.remove(TURN_HEADER);
      if (turn != null) {
        headers.put(TURN_HEADER, turn.value());
      }
    });
  }

  @Override
  protected void onServerToProxyResponseFailure(
      Request request,
      org.eclipse.jetty.client.Request toGateway,
      org.eclipse.jetty.client.Response fromGateway,
      Response response,
      Callback callback,
      Throwable failure) {
    LOG.atInfo().log("the model gateway failed: {}", failure.toString());
    if (fromGateway.getStatus() == 0) {
      addresses.failed(addresses.current());
    }
    if (response.isCommitted()) {
      callback.failed(failure);
    } else {
      Response.writeError(request, response, callback, HttpStatus.BAD_GATEWAY_502);
    }
  }

  private static HttpURI target(GatewayAddresses addresses, Request request) {
    var base = addresses.current();
    return HttpURI.build(request.getHttpURI())
        .scheme(base.getScheme())
        .host(base.getHost())
        .port(base.getPort())
        .path("/gateway" + request.getHttpURI().getPath())
        .asImmutable();
  }

  private static ModelCaller caller(Request request) {
    var connector = (ContainerLifeCycle) request.getConnectionMetaData().getConnector();
    return requireNonNull(connector.getBean(ModelCaller.class));
  }
}
