package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.condition;
import static org.jooq.impl.DSL.inline;

import dev.berth.activities.transcript.Transcript;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.AgentOptions;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.JSON;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sessions that a client resumed at an earlier message ({@code resume_session_at} of the session's
 * options). The next sandbox begins there, and so does each later one until an agent has gone on
 * from there. Then the wish is over: the transcript has that agent's words behind the message, and
 * whoever began at the message again would forget them.
 */
public final class ResumePoints {
  private static final String POINT = "resume_session_at";

  /**
   * Beside the wish, when a sandbox began with it: how many entries the main transcript had then.
   * Nobody but this class reads it, and a client that resumes the session again writes over it.
   */
  private static final String BEHIND = "resume_session_behind";

  private final DSLContext db;

  public ResumePoints(DSLContext db) {
    this.db = db;
  }

  /**
   * The options with which a sandbox of the session begins. A repeat gives the same.
   *
   * @param transcript what its agent begins with
   * @param takesUp whether it takes up a turn that lost its sandbox: a wish that came while that
   *     turn ran is over, because its agent has to know the turn
   */
  public AgentOptions options(SessionId session, Transcript transcript, boolean takesUp) {
    return db.transactionResult(tx -> {
      var options = read(tx.dsl(), session);
      if (options.hasNonNull(POINT)) {
        var behind = options.get(BEHIND);
        if (behind == null ? takesUp : hasGoneOn(transcript, behind.asInt())) {
          write(tx.dsl(), session, without(options));
        } else if (behind == null) {
          write(tx.dsl(), session, options.put(BEHIND, transcript.main().size()));
        }
      }
      return ProtocolJson.mapper().treeToValue(options, AgentOptions.class);
    });
  }

  /** A turn begins in a sandbox that began before the wish: what it says is to be kept. */
  public void turnBegins(SessionId session, int epoch) {
    var isOvertaken =
        db.fetchExists(
            SESSIONS,
            SESSIONS
                .SESSION_ID
                .eq(uuid(session))
                .and(SESSIONS.EPOCH.eq(epoch))
                .and(
                    condition(
                        "{0} ->> {1} is not null and {0} -> {2} is null",
                        SESSIONS.OPTIONS, inline(POINT), inline(BEHIND))));
    if (isOvertaken) {
      db.transaction(tx -> {
        var options = read(tx.dsl(), session);
        if (!options.has(BEHIND)) {
          write(tx.dsl(), session, without(options));
        }
      });
    }
  }

  /**
   * Whether there is a word of a user or a model behind the first entries, or those are gone with
   * the message itself. Results of calls are no words: the bridge writes some of its own before the
   * agent is up.
   */
  private static boolean hasGoneOn(Transcript transcript, int behind) {
    var main = transcript.main();
    return main.size() < behind
        || main.stream()
            .skip(behind)
            .anyMatch(entry -> {
              var type = entry.path("type").asString("");
              return type.equals("assistant")
                  || (type.equals("user") && !entry.has("toolUseResult"));
            });
  }

  private static ObjectNode without(ObjectNode options) {
    options.remove(POINT);
    options.remove(BEHIND);
    return options;
  }

  private static ObjectNode read(DSLContext tx, SessionId session) {
    JsonNode options =
        ProtocolJson.mapper()
            .readTree(
                tx.select(SESSIONS.OPTIONS)
                    .from(SESSIONS)
                    .where(SESSIONS.SESSION_ID.eq(uuid(session)))
                    .forNoKeyUpdate()
                    .fetchSingle()
                    .value1()
                    .data());
    return (ObjectNode) options;
  }

  private static void write(DSLContext tx, SessionId session, ObjectNode options) {
    tx.update(SESSIONS)
        .set(SESSIONS.OPTIONS, JSON.json(ProtocolJson.mapper().writeValueAsString(options)))
        .where(SESSIONS.SESSION_ID.eq(uuid(session)))
        .execute();
  }

  private static UUID uuid(SessionId session) {
    return UUID.fromString(session.value());
  }
}
