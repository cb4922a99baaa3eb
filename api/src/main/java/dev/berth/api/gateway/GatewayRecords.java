package dev.berth.api.gateway;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.MODEL_REQUESTS;
import static dev.berth.db.generated.Tables.SESSIONS;
import static org.jooq.impl.DSL.currentOffsetDateTime;
import static org.jooq.impl.DSL.name;
import static org.jooq.impl.DSL.select;
import static org.jooq.impl.DSL.val;

import dev.berth.api.gateway.ModelOutcome.Answered;
import dev.berth.api.gateway.ModelOutcome.Lost;
import dev.berth.api.gateway.ModelOutcome.Refused;
import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.protocol.SessionId;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jooq.UpdateConditionStep;
import org.jspecify.annotations.Nullable;

/** What the gateway asks of the database and writes to it. */
final class GatewayRecords {
  private final DSLContext db;
  private final PriceTable prices;
  private final String node;

  /**
   * @param node names this process, for who looks at the requests that it opened
   */
  GatewayRecords(DSLContext db, PriceTable prices, String node) {
    this.db = db;
    this.prices = prices;
    this.node = node;
  }

  /**
   * For whom a request is made and what it may ask.
   *
   * @param models the only models that it may name; null for all
   */
  record Caller(
      SessionId session,
      String project,
      String account,
      String endUser,
      int epoch,
      @Nullable List<String> models) {
    boolean mayAsk(String model) {
      return models == null || models.contains(model);
    }
  }

  /** The session of a credential, unless its epoch has been replaced. */
  @Nullable Caller caller(Holder holder) {
    return db.select(
            SESSIONS.PROJECT_ID, SESSIONS.ACCOUNT_ID, SESSIONS.END_USER_ID, SESSIONS.ALLOWED_MODELS)
        .from(SESSIONS)
        .where(SESSIONS.SESSION_ID.eq(UUID.fromString(holder.session().value())))
        .and(SESSIONS.EPOCH.eq(holder.epoch()))
        .fetchOne(row ->
            new Caller(
                holder.session(),
                row.value1(),
                row.value2(),
                row.value3(),
                holder.epoch(),
                row.value4() == null ? null : Arrays.asList(row.value4())));
  }

  boolean isCurrent(Holder holder) {
    return caller(holder) != null;
  }

  /** A request that may be sent, since whatever becomes of this process it is not forgotten. */
  record OpenedRequest(String id, Caller caller, @Nullable UUID turn, ModelRequest asked) {}

  /** Commits that a request is about to be sent. */
  OpenedRequest open(Caller caller, @Nullable UUID turn, ModelRequest asked) {
    var opened = new OpenedRequest(UUID.randomUUID().toString(), caller, turn, asked);
    var guess = ModelUsage.guessed(asked);
    db.insertInto(MODEL_REQUESTS)
        .set(MODEL_REQUESTS.REQUEST_ID, opened.id())
        .set(MODEL_REQUESTS.SESSION_ID, UUID.fromString(caller.session().value()))
        .set(MODEL_REQUESTS.TURN_ID, turn)
        .set(MODEL_REQUESTS.EPOCH, caller.epoch())
        .set(MODEL_REQUESTS.MODEL, asked.modelName())
        .set(MODEL_REQUESTS.REQUEST_BYTES, asked.bytes())
        .set(MODEL_REQUESTS.MAX_TOKENS, asked.maxTokens())
        .set(MODEL_REQUESTS.ESTIMATED_INPUT_TOKENS, guess.input())
        .set(MODEL_REQUESTS.ESTIMATED_COST_MICRODOLLARS, prices.cost(guess))
        .set(MODEL_REQUESTS.PRICE_TABLE, prices.version())
        .set(MODEL_REQUESTS.OPENED_BY, node)
        .execute();
    return opened;
  }

  /**
   * Closes a request, and in the same statement writes its row of the ledger if it has one. Of
   * several closings the first one stands, this process's or another's.
   */
  void close(OpenedRequest request, ModelOutcome outcome) {
    switch (outcome) {
      case Answered(var usage) -> charge(request, usage, "exact", null);
      case Lost lost ->
          charge(request, lost.estimate(request.asked()), "estimated", request.asked().maxTokens());
      case Refused() -> closing(request).execute();
    }
  }

  private void charge(
      OpenedRequest request, ModelUsage usage, String kind, @Nullable Long outputBound) {
    var closed = name("closed").as(closing(request).returning(MODEL_REQUESTS.REQUEST_ID));
    var caller = request.caller();
    db.with(closed)
        .insertInto(
            LEDGER,
            LEDGER.ENTRY_ID,
            LEDGER.SESSION_ID,
            LEDGER.PROJECT_ID,
            LEDGER.ACCOUNT_ID,
            LEDGER.END_USER_ID,
            LEDGER.TURN_ID,
            LEDGER.EPOCH,
            LEDGER.MODEL,
            LEDGER.INPUT_TOKENS,
            LEDGER.OUTPUT_TOKENS,
            LEDGER.CACHE_CREATION_5M_TOKENS,
            LEDGER.CACHE_CREATION_1H_TOKENS,
            LEDGER.CACHE_READ_TOKENS,
            LEDGER.COST_MICRODOLLARS,
            LEDGER.PRICE_TABLE,
            LEDGER.KIND,
            LEDGER.OUTPUT_BOUND)
        .select(
            select(
                    closed.field(MODEL_REQUESTS.REQUEST_ID),
                    val(UUID.fromString(caller.session().value())),
                    val(caller.project()),
                    val(caller.account()),
                    val(caller.endUser()),
                    val(request.turn(), LEDGER.TURN_ID),
                    val(caller.epoch()),
                    val(usage.model()),
                    val(usage.input()),
                    val(usage.output()),
                    val(usage.cacheCreation5m()),
                    val(usage.cacheCreation1h()),
                    val(usage.cacheRead()),
                    val(prices.cost(usage)),
                    val(prices.version()),
                    val(kind),
                    val(outputBound, LEDGER.OUTPUT_BOUND))
                .from(closed))
        .execute();
  }

  private UpdateConditionStep<?> closing(OpenedRequest request) {
    return db.update(MODEL_REQUESTS)
        .set(MODEL_REQUESTS.CLOSED_AT, currentOffsetDateTime())
        .where(MODEL_REQUESTS.REQUEST_ID.eq(request.id()))
        .and(MODEL_REQUESTS.CLOSED_AT.isNull());
  }
}
