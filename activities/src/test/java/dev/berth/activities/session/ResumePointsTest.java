package dev.berth.activities.session;

import static dev.berth.db.generated.Tables.SESSIONS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestSession;
import dev.berth.activities.transcript.Transcript;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.ProtocolJson;
import java.util.Arrays;
import java.util.Map;
import org.jooq.DSLContext;
import org.jooq.JSON;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ResumePointsTest {
  private static final String PROMPT = "{\"type\": \"user\", \"message\": {}}";
  private static final String WORD = "{\"type\": \"assistant\", \"message\": {}}";
  private static final String RESULT = "{\"type\": \"user\", \"toolUseResult\": \"Error\"}";
  private static final String NOTE = "{\"type\": \"queue-operation\"}";
  private static final Transcript BEFORE = transcript(PROMPT, WORD, PROMPT, WORD);

  private static TestDatabase database;

  /** Of a session without a sandbox. */
  private static final int EPOCH = 0;

  private static DSLContext db;

  private ResumePoints points;
  private TestSession session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void resumeASession() {
    points = new ResumePoints(db);
    session = TestSession.in(db);
    resumeAt("m1");
  }

  @Test
  void aSandboxThatIsLostBeforeItsAgentSaidAnythingIsFollowedByOneThatBeginsThereToo() {
    assertThat(begin(BEFORE, false)).isEqualTo("m1");
    points.turnBegins(session.id(), EPOCH);

    // The start may be repeated; the agent notes, and the bridge completes, what is no word.
    assertThat(begin(BEFORE, false)).isEqualTo("m1");
    assertThat(begin(transcript(PROMPT, WORD, PROMPT, WORD, NOTE, RESULT), true)).isEqualTo("m1");
  }

  @Test
  void anAgentThatWentOnFromThereIsNotForgotten() {
    assertThat(begin(BEFORE, false)).isEqualTo("m1");

    // Its prompt is enough: the next agent takes it up.
    assertThat(begin(transcript(PROMPT, WORD, PROMPT, WORD, NOTE, PROMPT), true)).isNull();
    assertThat(begin(transcript(PROMPT, WORD, PROMPT, WORD, NOTE, PROMPT, WORD), false)).isNull();
  }

  @Test
  void theSameWishAgainCountsAgain() {
    begin(BEFORE, false);
    var after = transcript(PROMPT, WORD, PROMPT, WORD, PROMPT, WORD);

    resumeAt("m1");

    assertThat(begin(after, false)).isEqualTo("m1");
    assertThat(begin(after, false)).isEqualTo("m1");
  }

  @Test
  void aTurnInASandboxThatBeganBeforeTheWishIsNotForgotten() {
    points.turnBegins(session.id(), EPOCH);

    assertThat(begin(BEFORE, false)).isNull();
  }

  @Test
  void aTurnInASandboxThatIsReplacedEndsNoWish() {
    points.turnBegins(session.id(), EPOCH - 1);

    assertThat(begin(BEFORE, false)).isEqualTo("m1");
  }

  @Test
  void aTurnThatRanWhenTheWishCameIsTakenUpWithAllThatItDid() {
    assertThat(begin(BEFORE, true)).isNull();
    assertThat(begin(BEFORE, false)).isNull();
  }

  @Test
  void aTranscriptThatBeginsAnewDoesNotHaveTheMessage() {
    begin(BEFORE, false);

    assertThat(begin(Transcript.EMPTY, false)).isNull();
  }

  @Test
  void theOtherOptionsStay() {
    begin(BEFORE, false);
    begin(transcript(PROMPT, WORD, PROMPT, WORD, PROMPT), false);

    assertThat(points.options(session.id(), BEFORE, false).model()).isEqualTo("m");
  }

  private @Nullable String begin(Transcript transcript, boolean takesUp) {
    return points.options(session.id(), transcript, takesUp).resumeSessionAt();
  }

  private void resumeAt(String message) {
    db.update(SESSIONS)
        .set(
            SESSIONS.OPTIONS,
            JSON.json("{\"model\": \"m\", \"resume_session_at\": \"%s\"}".formatted(message)))
        .where(SESSIONS.SESSION_ID.eq(session.uuid()))
        .execute();
  }

  private static Transcript transcript(String... main) {
    return new Transcript(
        Arrays.stream(main).map(ProtocolJson.mapper()::readTree).toList(), Map.of());
  }
}
