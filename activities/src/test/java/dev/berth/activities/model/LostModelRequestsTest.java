package dev.berth.activities.model;

import static dev.berth.activities.model.LostModelRequests.GRACE;
import static dev.berth.activities.model.LostModelRequests.LONGEST;
import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static dev.berth.db.generated.Tables.SANDBOXES;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.activities.TestSession;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.SandboxId;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.types.DayToSecond;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LostModelRequestsTest {
  private static final Duration LONG_AGO = Duration.ofHours(2);
  private static final Duration JUST_NOW = GRACE.dividedBy(2);

  private static TestDatabase database;
  private static DSLContext db;
  private static LostModelRequests requests;

  private TestSession session;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    requests = new LostModelRequests(db);
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void beginASession() {
    db.deleteFrom(MODEL_REQUESTS).execute();
    session = TestSession.in(db);
  }

  @Test
  void aRequestOfAnEndedSandboxIsSettledWithWhatItsSizeSaysAndWhatItAllowed() {
    ended(session.sandbox("host-1", 3), LONG_AGO);
    var request = session.modelRequest(3, LONG_AGO);

    assertThat(requests.settle()).isEqualTo(1);

    var row = db.fetchSingle(LEDGER, LEDGER.ENTRY_ID.eq(request));
    assertThat(row.get(LEDGER.KIND)).isEqualTo("estimated");
    assertThat(row.get(LEDGER.OUTPUT_BOUND)).isEqualTo(32_000);
    assertThat(row.get(LEDGER.INPUT_TOKENS)).isEqualTo(1001);
    assertThat(row.get(LEDGER.OUTPUT_TOKENS)).isZero();
    assertThat(row.get(LEDGER.COST_MICRODOLLARS)).isEqualTo(5005);
    assertThat(row.get(LEDGER.PRICE_TABLE)).isEqualTo("prices-1");
    assertThat(row.get(LEDGER.MODEL)).isEqualTo("claude-opus-4-5");
    assertThat(row.get(LEDGER.SESSION_ID)).isEqualTo(session.uuid());
    assertThat(row.get(LEDGER.TURN_ID)).isEqualTo(UUID.nameUUIDFromBytes(request.getBytes(UTF_8)));
    assertThat(row.get(LEDGER.EPOCH)).isEqualTo(3);
    assertThat(row.get(LEDGER.PROJECT_ID)).isEqualTo(TestSession.PROJECT.value());
    assertThat(row.get(LEDGER.ACCOUNT_ID)).isEqualTo("a");
    assertThat(row.get(LEDGER.END_USER_ID)).isEqualTo("u");
    assertThat(isOpen(request)).isFalse();
  }

  @Test
  void aSecondLookSettlesNothingTwice() {
    ended(session.sandbox("host-1", 1), LONG_AGO);
    var request = session.modelRequest(1, LONG_AGO);

    requests.settle();

    assertThat(requests.settle()).isZero();
    assertThat(rows(request)).isEqualTo(1);
  }

  @Test
  void hostsThatSettleAtTheSameTimeWriteOneRowForEachRequest() throws Exception {
    ended(session.sandbox("host-1", 1), LONG_AGO);
    for (var index = 0; index < 200; index++) {
      session.modelRequest(1, LONG_AGO);
    }
    var together = new CyclicBarrier(4);
    Callable<Integer> host =
        () -> {
          together.await();
          return requests.settle();
        };

    int settled;
    try (var hosts = Executors.newVirtualThreadPerTaskExecutor()) {
      settled =
          hosts.invokeAll(Stream.generate(() -> host).limit(4).toList()).stream()
              .mapToInt(result -> result.resultNow())
              .sum();
    }

    assertThat(settled).isEqualTo(200);
    assertThat(db.fetchCount(LEDGER, LEDGER.SESSION_ID.eq(session.uuid()))).isEqualTo(200);
  }

  @Test
  void aRequestThatItsApiNodeIsClosingIsLeftToIt() {
    ended(session.sandbox("host-1", 1), LONG_AGO);
    var request = session.modelRequest(1, LONG_AGO);

    db.transaction(node -> {
      close(node.dsl(), request);
      assertThat(requests.settle()).isZero();
    });

    assertThat(requests.settle()).isZero();
    assertThat(rows(request)).isZero();
  }

  @Test
  void aRequestOfAReplacedEpochIsSettledThoughNobodySawItsSandboxEnd() {
    session.sandbox("host-1", 1);
    created(session.sandbox("host-2", 2), LONG_AGO);
    var request = session.modelRequest(1, LONG_AGO);

    requests.settle();

    assertThat(rows(request)).isEqualTo(1);
  }

  @Test
  void aRequestWhoseSandboxLivesIsLeftToItsApiNode() {
    session.sandbox("host-1", 1);
    var request = session.modelRequest(1, LONG_AGO);

    assertThat(requests.settle()).isZero();
    assertThat(isOpen(request)).isTrue();
  }

  @Test
  void theApiNodeOfASandboxThatJustEndedMaySayMoreAndIsWaitedFor() {
    ended(session.sandbox("host-1", 1), JUST_NOW);
    var request = session.modelRequest(1, LONG_AGO);

    assertThat(requests.settle()).isZero();
    assertThat(isOpen(request)).isTrue();
  }

  @Test
  void aRequestThatWasSentAfterItsSandboxEndedHasItsTimeToo() {
    ended(session.sandbox("host-1", 1), LONG_AGO);
    var request = session.modelRequest(1, JUST_NOW);

    assertThat(requests.settle()).isZero();
    assertThat(isOpen(request)).isTrue();
  }

  @Test
  void noRequestLivesForEver() {
    session.sandbox("host-1", 1);
    var lost = session.modelRequest(1, LONGEST.plus(JUST_NOW));
    var slow = session.modelRequest(1, LONGEST.minus(JUST_NOW));

    requests.settle();

    assertThat(rows(lost)).isEqualTo(1);
    assertThat(isOpen(slow)).isTrue();
  }

  @Test
  void aClosedRequestWithoutARowStaysWithoutOne() {
    ended(session.sandbox("host-1", 1), LONG_AGO);
    var refused = session.modelRequest(1, LONG_AGO);
    close(db, refused);

    assertThat(requests.settle()).isZero();
    assertThat(rows(refused)).isZero();
  }

  private static void close(DSLContext node, String request) {
    node.update(MODEL_REQUESTS)
        .set(MODEL_REQUESTS.CLOSED_AT, currentOffsetDateTime())
        .where(MODEL_REQUESTS.REQUEST_ID.eq(request))
        .execute();
  }

  private static void ended(SandboxId sandbox, Duration ago) {
    set(sandbox, SANDBOXES.ENDED_AT, ago);
  }

  private static void created(SandboxId sandbox, Duration ago) {
    set(sandbox, SANDBOXES.CREATED_AT, ago);
  }

  private static void set(SandboxId sandbox, Field<OffsetDateTime> column, Duration ago) {
    db.update(SANDBOXES)
        .set(column, currentOffsetDateTime().minus(DayToSecond.valueOf(ago)))
        .where(SANDBOXES.SANDBOX_ID.eq(sandbox.value()))
        .execute();
  }

  private static int rows(String request) {
    return db.fetchCount(LEDGER, LEDGER.ENTRY_ID.eq(request));
  }

  private static boolean isOpen(String request) {
    return db.fetchExists(
        MODEL_REQUESTS,
        MODEL_REQUESTS.REQUEST_ID.eq(request).and(MODEL_REQUESTS.CLOSED_AT.isNull()));
  }
}
