package dev.berth.api.session;

import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.client.ClientFrame;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers of clients to calls of their tools. An answer is stored, then the session's host is told;
 * a host that does not hear it finds it in the database when its bridge comes back, or when it
 * looks what nobody was given.
 */
public final class ClientToolAnswers {
  private static final Logger LOG = LoggerFactory.getLogger(ClientToolAnswers.class);

  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private final SessionRecords records;
  private final HttpClient client;
  private final Secret credential;

  public ClientToolAnswers(SessionRecords records, HttpClient client, Secret credential) {
    this.records = records;
    this.client = client;
    this.credential = credential;
  }

  /**
   * Takes an answer; one that comes late is ignored, and of several the first one stands. The host
   * is told again of one that its agent was not given yet.
   */
  public void answer(SessionId session, String call, ClientFrame.ToolResult.Result result) {
    var stored = ProtocolJson.mapper().createObjectNode();
    var content = stored.putArray("content");
    if (result.content() != null) {
      result.content().forEach(item -> content.add(asMcp(item)));
    }
    stored.put("isError", Boolean.TRUE.equals(result.isError()));
    var host = records.answerTool(session, call, stored);
    if (host == null) {
      LOG.atInfo().log("session {}: nobody waits for the answer to {}", session, call);
      return;
    }
    tell(session, host);
  }

  /** Clients send resources flat, MCP nests them. */
  private static JsonNode asMcp(JsonNode item) {
    if (!(item instanceof ObjectNode flat)
        || !flat.path("type").asString("").equals("resource")
        || flat.path("resource").isObject()) {
      return item;
    }
    var resource = flat.deepCopy();
    resource.remove("type");
    var nested = ProtocolJson.mapper().createObjectNode().put("type", "resource");
    nested.set("resource", resource);
    return nested;
  }

  private void tell(SessionId session, String host) {
    var request =
        HttpRequest.newBuilder(
                URI.create(host).resolve("/internal/sessions/" + session + "/tool-results"))
            .timeout(TIMEOUT)
            .header("Authorization", "Bearer " + credential.value())
            .POST(HttpRequest.BodyPublishers.noBody())
            .build();
    try {
      var response = client.send(request, HttpResponse.BodyHandlers.discarding());
      if (response.statusCode() >= 300) {
        LOG.atWarn().log("host {} answered {}", host, response.statusCode());
      }
    } catch (IOException away) {
      LOG.atWarn().log("host {} does not answer: {}", host, away.toString());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
