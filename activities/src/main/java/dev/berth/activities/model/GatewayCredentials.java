package dev.berth.activities.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Credentials with which the sandboxes of this host may reach the model gateway. Each is bound to a
 * session and an epoch, lives for minutes, and never enters the sandbox.
 */
public final class GatewayCredentials {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Renewed when less than this is left, so that none expires on its way. */
  private static final Duration MARGIN = Duration.ofMinutes(1);

  private final GatewayProperties gateway;
  private final GatewayAddresses addresses;
  private final HttpClient client;
  private final Map<Key, Credential> held = new ConcurrentHashMap<>();

  private record Key(SessionId session, int epoch) {}

  private record Credential(String credential, @JsonProperty("expires_at") Instant expiresAt) {}

  private record CredentialRequest(@JsonProperty("session_id") SessionId sessionId, int epoch) {}

  public GatewayCredentials(
      GatewayProperties gateway, GatewayAddresses addresses, HttpClient client) {
    this.gateway = gateway;
    this.addresses = addresses;
    this.client = client;
  }

  /**
   * The credential of a session's sandbox.
   *
   * @throws ProblemException {@code SUPERSEDED} when the epoch has been replaced, {@code
   *     UNAVAILABLE} when no api node answers
   */
  public String of(SessionId session, int epoch) {
    var key = new Key(session, epoch);
    var credential = held.get(key);
    if (credential == null || credential.expiresAt().isBefore(Instant.now().plus(MARGIN))) {
      credential = fetch(key);
      held.put(key, credential);
    }
    return credential.credential();
  }

  void forget(SessionId session, int epoch) {
    held.remove(new Key(session, epoch));
  }

  private Credential fetch(Key key) {
    var address = addresses.current();
    try {
      var response = client.send(request(address, key), HttpResponse.BodyHandlers.ofByteArray());
      return switch (response.statusCode()) {
        case 200 -> ProtocolJson.mapper().readValue(response.body(), Credential.class);
        case 409 ->
            throw new ProblemException(
                ProblemType.SUPERSEDED,
                "Epoch %d of session %s is replaced.".formatted(key.epoch(), key.session()));
        default ->
            throw new ProblemException(
                ProblemType.UNAVAILABLE,
                "The api node %s answered %d.".formatted(address, response.statusCode()));
      };
    } catch (IOException away) {
      addresses.failed(address);
      throw new ProblemException(
          ProblemType.UNAVAILABLE, "The api node %s does not answer.".formatted(address), away);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.UNAVAILABLE, "The worker is shutting down.");
    }
  }

  private HttpRequest request(URI address, Key key) {
    var body =
        ProtocolJson.mapper().writeValueAsBytes(new CredentialRequest(key.session(), key.epoch()));
    return HttpRequest.newBuilder(address.resolve("/internal/credentials"))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + gateway.credential().value())
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
        .build();
  }
}
