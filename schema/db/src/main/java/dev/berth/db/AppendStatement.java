package dev.berth.db;

import dev.berth.db.AppendOutcome.Appended;
import dev.berth.db.AppendOutcome.Numbered;
import dev.berth.db.AppendOutcome.SessionMissing;
import dev.berth.db.AppendOutcome.Superseded;
import dev.berth.db.EventLog.Request;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * The call of {@code append_events} for many requests, turned on their side: one array a column.
 *
 * <p>By JDBC, without jOOQ, as no other statement: each tool call waits for it, and to build and
 * render it anew takes as long as to carry it out.
 */
final class AppendStatement {
  /** The escape of a NUL, behind an even number of backslashes. */
  private static final Pattern NUL = Pattern.compile("(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000");

  private static final String SQL =
      """
      select request, verdict, seq, at, epoch
        from append_events(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
      """;

  private final int requests;
  private final UUID[] sessions;
  private final @Nullable Integer[] epochs;
  private final @Nullable Integer[] attachments;
  private final Integer[] requestOf;
  private final String[] ids;
  private final String[] types;
  private final @Nullable UUID[] turns;
  private final @Nullable UUID[] messages;
  private final Integer[] eventEpochs;
  private final String[] payloads;
  private final @Nullable String[] raws;

  AppendStatement(List<Request> requests) {
    this.requests = requests.size();
    var events = requests.stream().mapToInt(request -> request.events().size()).sum();
    sessions = new UUID[requests.size()];
    epochs = new @Nullable Integer[requests.size()];
    attachments = new @Nullable Integer[requests.size()];
    requestOf = new Integer[events];
    ids = new String[events];
    types = new String[events];
    turns = new @Nullable UUID[events];
    messages = new @Nullable UUID[events];
    eventEpochs = new Integer[events];
    payloads = new String[events];
    raws = new @Nullable String[events];
    var at = 0;
    for (var index = 0; index < requests.size(); index++) {
      var request = requests.get(index);
      sessions[index] = UUID.fromString(request.session().value());
      switch (request.writer()) {
        case EventWriter.Platform() -> {}
        case EventWriter.Sandbox(var epoch) -> epochs[index] = epoch;
        case EventWriter.Attachment(var epoch, var attachment) -> {
          epochs[index] = epoch;
          attachments[index] = attachment;
        }
      }
      for (var event : request.events()) {
        requestOf[at] = index + 1;
        ids[at] = event.id();
        types[at] = event.event().type();
        turns[at] = event.turnId() == null ? null : UUID.fromString(event.turnId().value());
        messages[at] =
            event.messageId() == null ? null : UUID.fromString(event.messageId().value());
        eventEpochs[at] = epoch(request.writer());
        payloads[at] = withoutNul(event.event().payload().toString());
        raws[at] = event.raw();
        at++;
      }
    }
  }

  /**
   * PostgreSQL keeps a NUL in JSON and refuses to read a field of such a document, which the row of
   * the session is made from. Only {@code raw} has the text to the letter.
   */
  private static String withoutNul(String json) {
    return json.contains("\\u0000") ? NUL.matcher(json).replaceAll("$1\\\\ufffd") : json;
  }

  /**
   * Carries it out.
   *
   * @return the outcome of each request, in the order given
   * @throws DataAccessException as from any other statement
   */
  List<AppendOutcome> execute(Connection connection) {
    try (var statement = connection.prepareStatement(SQL)) {
      bind(statement);
      try (var rows = statement.executeQuery()) {
        return outcomes(rows);
      }
    } catch (SQLException failed) {
      throw new DataAccessException("append_events: " + failed.getMessage(), failed);
    }
  }

  private void bind(PreparedStatement statement) throws SQLException {
    set(statement, 1, "uuid", sessions);
    set(statement, 2, "int4", epochs);
    set(statement, 3, "int4", attachments);
    set(statement, 4, "int4", requestOf);
    set(statement, 5, "text", ids);
    set(statement, 6, "text", types);
    set(statement, 7, "uuid", turns);
    set(statement, 8, "uuid", messages);
    set(statement, 9, "int4", eventEpochs);
    set(statement, 10, "text", payloads);
    set(statement, 11, "text", raws);
  }

  private static void set(
      PreparedStatement statement, int index, String type, @Nullable Object[] values)
      throws SQLException {
    statement.setArray(index, statement.getConnection().createArrayOf(type, values));
  }

  private List<AppendOutcome> outcomes(ResultSet rows) throws SQLException {
    var numbered = new ArrayList<List<Numbered>>();
    for (var index = 0; index < requests; index++) {
      numbered.add(new ArrayList<>());
    }
    var refused = new @Nullable AppendOutcome[requests];
    while (rows.next()) {
      var index = rows.getInt("request") - 1;
      var verdict = rows.getString("verdict");
      switch (verdict) {
        case "appended" -> numbered.get(index).add(numbered(rows, true));
        case "repeated" -> numbered.get(index).add(numbered(rows, false));
        case "superseded" -> refused[index] = new Superseded();
        case "missing" -> refused[index] = new SessionMissing();
        default -> throw new IllegalStateException("append_events answered " + verdict);
      }
    }
    var outcomes = new ArrayList<AppendOutcome>();
    for (var index = 0; index < requests; index++) {
      var refusal = refused[index];
      outcomes.add(refusal == null ? new Appended(numbered.get(index)) : refusal);
    }
    return outcomes;
  }

  private static Numbered numbered(ResultSet row, boolean fresh) throws SQLException {
    return new Numbered(
        row.getLong("seq"),
        fresh,
        row.getObject("at", OffsetDateTime.class).toInstant(),
        row.getInt("epoch"));
  }

  /** The epoch that the events of a writer carry. */
  private static int epoch(EventWriter writer) {
    return switch (writer) {
      case EventWriter.Platform() -> 0;
      case EventWriter.Sandbox(var epoch) -> epoch;
      case EventWriter.Attachment(var epoch, _) -> epoch;
    };
  }
}
