package dev.berth.api.gateway;

import static dev.berth.db.generated.Tables.LEDGER;
import static dev.berth.db.generated.Tables.SESSIONS;

import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.protocol.SessionId;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jooq.DSLContext;
import org.jspecify.annotations.Nullable;

/** What the gateway asks of the database and writes to it. */
final class GatewayRecords {
  private final DSLContext db;
  private final PriceTable prices;

  GatewayRecords(DSLContext db, PriceTable prices) {
    this.db = db;
    this.prices = prices;
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

  /** Writes what a request used, once. */
  void charge(Caller caller, String entry, @Nullable UUID turn, ModelUsage usage) {
    db.insertInto(LEDGER)
        .set(LEDGER.ENTRY_ID, entry)
        .set(LEDGER.SESSION_ID, UUID.fromString(caller.session().value()))
        .set(LEDGER.PROJECT_ID, caller.project())
        .set(LEDGER.ACCOUNT_ID, caller.account())
        .set(LEDGER.END_USER_ID, caller.endUser())
        .set(LEDGER.TURN_ID, turn)
        .set(LEDGER.EPOCH, caller.epoch())
        .set(LEDGER.MODEL, usage.model())
        .set(LEDGER.INPUT_TOKENS, usage.input())
        .set(LEDGER.OUTPUT_TOKENS, usage.output())
        .set(LEDGER.CACHE_CREATION_5M_TOKENS, usage.cacheCreation5m())
        .set(LEDGER.CACHE_CREATION_1H_TOKENS, usage.cacheCreation1h())
        .set(LEDGER.CACHE_READ_TOKENS, usage.cacheRead())
        .set(LEDGER.COST_MICRODOLLARS, prices.cost(usage))
        .set(LEDGER.PRICE_TABLE, prices.version())
        .onConflictDoNothing()
        .execute();
  }
}
