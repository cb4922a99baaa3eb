package dev.berth.standalone.chaos;

import dev.berth.protocol.ProtocolJson;
import dev.berth.standalone.platform.Connection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** What the model counted, and what Berth charged; by session. */
final class Ledger {
  private static final String ROWS =
      """
      select input_tokens, cache_creation_5m_tokens + cache_creation_1h_tokens, cache_read_tokens,
             output_tokens, kind
        from ledger where session_id = ?::uuid\
      """;

  private final Connection connection;
  private final URI practiceModel;
  private final HttpClient http = HttpClient.newHttpClient();

  Ledger(Connection connection, URI practiceModel) {
    this.connection = connection;
    this.practiceModel = practiceModel;
  }

  /** Tokens of each request that the model answered to the end. */
  List<String> answered(String session) throws InterruptedException {
    try {
      var request = HttpRequest.newBuilder(practiceModel.resolve("/practice/requests")).build();
      var body = http.send(request, BodyHandlers.ofString()).body();
      return ProtocolJson.mapper()
          .readTree(body)
          .path("requests")
          .valueStream()
          .filter(asked -> asked.path("conversation").asString("").startsWith(session))
          .filter(asked -> asked.path("endpoint").asString("").equals("messages"))
          .filter(asked -> asked.path("outcome").asString("").equals("completed"))
          .map(Ledger::tokens)
          .toList();
    } catch (IOException failed) {
      throw new IllegalStateException("the practice model does not answer", failed);
    }
  }

  /**
   * What was charged.
   *
   * @param exact tokens of each row that says what the provider said
   * @param estimated how many rows stand for answers that were lost
   * @param open requests of which it is not known yet what became of them: their api node died
   */
  record Charged(List<String> exact, int estimated, int open) {}

  Charged charged(String session) {
    var exact = new ArrayList<String>();
    var estimated = 0;
    try (var database = database();
        var statement = database.prepareStatement(ROWS)) {
      statement.setString(1, session);
      var rows = statement.executeQuery();
      while (rows.next()) {
        if (rows.getString(5).equals("exact")) {
          exact.add(tokens(rows.getLong(1), rows.getLong(2), rows.getLong(3), rows.getLong(4)));
        } else {
          estimated++;
        }
      }
    } catch (SQLException failed) {
      throw new IllegalStateException("the ledger cannot be read", failed);
    }
    return new Charged(exact, estimated, open("session_id = '%s'".formatted(session)));
  }

  /** The developer's account that the session belongs to. */
  String account(String session) {
    try (var database = database();
        var statement =
            database.prepareStatement(
                "select account_id from sessions where session_id = ?::uuid")) {
      statement.setString(1, session);
      var row = statement.executeQuery();
      row.next();
      return row.getString(1);
    } catch (SQLException failed) {
      throw new IllegalStateException("the session's row cannot be read", failed);
    }
  }

  /** Requests of all sessions of which it is not known what became of them. */
  int open() {
    return open("true");
  }

  private int open(String condition) {
    try (var database = database();
        var statement = database.createStatement()) {
      var row =
          statement.executeQuery(
              "select count(*) from model_requests where closed_at is null and " + condition);
      row.next();
      return row.getInt(1);
    } catch (SQLException failed) {
      throw new IllegalStateException("the ledger cannot be read", failed);
    }
  }

  private java.sql.Connection database() throws SQLException {
    var url = URI.create(connection.databaseUrl());
    var credentials = url.getUserInfo().split(":", 2);
    return DriverManager.getConnection(
        "jdbc:postgresql://%s:%d%s".formatted(url.getHost(), url.getPort(), url.getPath()),
        credentials[0],
        credentials[1]);
  }

  private static String tokens(JsonNode asked) {
    return tokens(
        asked.path("input_tokens").asLong(),
        asked.path("cache_creation_input_tokens").asLong(),
        asked.path("cache_read_input_tokens").asLong(),
        asked.path("output_tokens").asLong());
  }

  private static String tokens(long input, long written, long read, long output) {
    return "%d+%d+%d→%d".formatted(input, written, read, output);
  }
}
