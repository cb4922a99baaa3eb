package dev.berth.api.gateway;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.time.Instant;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.RouterFunctions;
import org.springframework.web.servlet.function.ServerRequest;
import org.springframework.web.servlet.function.ServerResponse;

/**
 * {@code POST /internal/credentials}: gives a worker the credential of a sandbox. 401 without the
 * internal credential, 409 when the epoch has been replaced.
 */
final class CredentialRoutes {
  private final SandboxCredentials credentials;
  private final GatewayRecords records;
  private final Secret internal;

  CredentialRoutes(SandboxCredentials credentials, GatewayRecords records, Secret internal) {
    this.credentials = credentials;
    this.records = records;
    this.internal = internal;
  }

  private record Asked(@JsonProperty("session_id") SessionId sessionId, int epoch) {}

  private record Given(String credential, @JsonProperty("expires_at") Instant expiresAt) {}

  RouterFunction<ServerResponse> routes() {
    return RouterFunctions.route().POST("/internal/credentials", this::give).build();
  }

  private ServerResponse give(ServerRequest request) throws Exception {
    var header = request.headers().firstHeader("Authorization");
    if (header == null || !internal.matches(header.replaceFirst("^Bearer ", ""))) {
      return ServerResponse.status(HttpStatus.UNAUTHORIZED).build();
    }
    var asked = ProtocolJson.mapper().readValue(request.body(byte[].class), Asked.class);
    var holder = new Holder(asked.sessionId(), asked.epoch());
    if (!records.isCurrent(holder)) {
      return ServerResponse.status(HttpStatus.CONFLICT).build();
    }
    var issued = credentials.issue(holder);
    return ServerResponse.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .body(
            ProtocolJson.mapper()
                .writeValueAsBytes(new Given(issued.credential(), issued.expiresAt())));
  }
}
