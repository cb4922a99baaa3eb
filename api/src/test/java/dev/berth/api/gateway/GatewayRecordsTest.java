package dev.berth.api.gateway;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.TestProject;
import dev.berth.api.gateway.GatewayRecords.OpenedRequest;
import dev.berth.api.gateway.ModelOutcome.Answered;
import dev.berth.api.gateway.ModelOutcome.Lost;
import dev.berth.api.gateway.ModelOutcome.Refused;
import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.db.TestDatabase;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GatewayRecordsTest {
  private static final ModelRequest ASKED = new ModelRequest("claude-opus-4-5", 4096L, 1001);
  private static final ModelOutcome ANSWERED =
      new Answered(new ModelUsage("claude-opus-4-5", 100, 20, 0, 0, 0));
  private static final ModelOutcome LOST = Lost.unheard(ASKED);

  private static TestDatabase database;
  private static DSLContext db;
  private static GatewayRecords records;
  private static TestProject project;

  private OpenedRequest opened;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    records = new GatewayRecords(db, PriceTable.bundled(), "1@api-1");
    project = TestProject.in(db);
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void openARequest() {
    var caller = records.caller(new Holder(project.session("jane"), 0));
    opened = records.open(Objects.requireNonNull(caller), null, ASKED);
  }

  @Test
  void aRequestIsOpenUntilItsRowIsWritten() {
    assertThat(isOpen()).isTrue();

    records.close(opened, ANSWERED);

    assertThat(isOpen()).isFalse();
    assertThat(kinds()).containsExactly("exact");
  }

  @Test
  void closingAgainWritesNothing() {
    records.close(opened, ANSWERED);
    records.close(opened, ANSWERED);

    assertThat(kinds()).containsExactly("exact");
  }

  @Test
  void anExactRowThatComesAfterAnEstimateIsNotWritten() {
    records.close(opened, LOST);
    records.close(opened, ANSWERED);

    assertThat(kinds()).containsExactly("estimated");
  }

  @Test
  void anEstimateThatComesAfterAnExactRowIsNotWritten() {
    records.close(opened, ANSWERED);
    records.close(opened, LOST);

    assertThat(kinds()).containsExactly("exact");
  }

  @Test
  void aRefusedRequestGetsNoRowLater() {
    records.close(opened, new Refused());
    records.close(opened, LOST);

    assertThat(isOpen()).isFalse();
    assertThat(kinds()).isEmpty();
  }

  @Test
  void ofClosingsAtTheSameTimeOneWritesItsRow() throws Exception {
    var together = new CyclicBarrier(8);
    Stream<Callable<Void>> closings =
        Stream.of(ANSWERED, LOST, ANSWERED, LOST, ANSWERED, LOST, ANSWERED, LOST)
            .map(outcome ->
                () -> {
                  together.await();
                  records.close(opened, outcome);
                  return null;
                });

    try (var closers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var closing : closers.invokeAll(closings.toList())) {
        closing.get();
      }
    }

    assertThat(kinds()).hasSize(1);
  }

  private List<String> kinds() {
    return db.select(LEDGER.KIND)
        .from(LEDGER)
        .where(LEDGER.ENTRY_ID.eq(opened.id()))
        .fetch(LEDGER.KIND);
  }

  private boolean isOpen() {
    return db.fetchExists(
        MODEL_REQUESTS,
        MODEL_REQUESTS.REQUEST_ID.eq(opened.id()).and(MODEL_REQUESTS.CLOSED_AT.isNull()));
  }
}
