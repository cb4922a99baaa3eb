package dev.berth.api.session;

import static dev.berth.db.generated.Tables.API_NODES;
import static dev.berth.db.generated.Tables.SOCKETS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jooq.impl.DSL.currentOffsetDateTime;

import dev.berth.api.TestProject;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.SessionId;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jooq.DSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a node says of its sockets, and what it does when it was taken for dead. */
@Timeout(60)
class OpenSocketsTest {
  private static TestDatabase database;
  private static DSLContext db;
  private static SessionId session;

  private final AtomicInteger closings = new AtomicInteger();
  private final String connection = UUID.randomUUID().toString();
  private OpenSockets sockets;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    db = database.dsl();
    session = TestProject.in(db).session("jane");
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @BeforeEach
  void begin() {
    db.deleteFrom(SOCKETS).execute();
    db.deleteFrom(API_NODES).execute();
    sockets = new OpenSockets(db, "1@machine");
    sockets.whenLost(closings::incrementAndGet);
    sockets.opened(session, connection);
  }

  @AfterEach
  void end() {
    sockets.close();
  }

  @Test
  void aSocketIsThereUntilItsSessionWasTold() {
    assertThat(db.fetchCount(SOCKETS)).isEqualTo(1);

    sockets.told(connection);

    assertThat(db.fetchCount(SOCKETS)).isZero();
  }

  @Test
  void whatTheSessionCouldNotBeToldIsLeftToOthers() {
    sockets.untold(connection, true);

    assertThat(db.fetchSingle(SOCKETS).get(SOCKETS.NODE_ID)).isNull();
    assertThat(db.fetchSingle(SOCKETS).get(SOCKETS.ASKED)).isTrue();
  }

  @Test
  void aNodeThatLivesKeepsItsSockets() {
    sockets.beat();

    assertThat(closings).hasValue(0);
    assertThat(db.fetchCount(API_NODES)).isEqualTo(1);
  }

  @Test
  void aNodeThatWasTakenForDeadClosesItsSocketsAndIsAnotherOne() {
    db.update(API_NODES).set(API_NODES.LOST_AT, currentOffsetDateTime()).execute();

    sockets.beat();

    assertThat(closings).hasValue(1);
    sockets.beat();
    assertThat(closings).hasValue(1);
    assertThat(db.fetchCount(API_NODES, API_NODES.LOST_AT.isNull())).isEqualTo(1);
  }

  @Test
  void aNodeThatIsStoppedLeavesWhatIsOpenToOthers() {
    sockets.close();

    assertThat(db.fetchSingle(API_NODES).get(API_NODES.LOST_AT)).isNotNull();
    assertThat(db.fetchCount(SOCKETS)).isEqualTo(1);
  }

  @Test
  void whatHappensWhileTheDatabaseIsAwayIsWrittenAfterwards() {
    db.execute("alter table sockets rename to sockets_away");
    sockets.told(connection);
    db.execute("alter table sockets_away rename to sockets");

    assertThat(db.fetchCount(SOCKETS)).isEqualTo(1);

    sockets.beat();

    assertThat(db.fetchCount(SOCKETS)).isZero();
  }
}
