package dev.berth.db;

import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import org.jooq.exception.DataAccessException;

/** Tells a database that is away from one that refuses. */
public final class DatabaseOutage {
  /** Classes of SQL states: no connection, and a server that ends or begins. */
  private static final String NO_CONNECTION = "08";

  private static final String SHUTTING_DOWN = "57P";

  /** This process stood still in a transaction, and its connection was taken away. */
  private static final String IDLE_IN_TRANSACTION = "25P03";

  private DatabaseOutage() {}

  /** Whether the same statement works when the database is back. */
  public static boolean isAway(DataAccessException failed) {
    for (Throwable cause = failed; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException refused && isAway(refused)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isAway(SQLException refused) {
    var state = refused.getSQLState();
    return refused instanceof SQLTransientConnectionException
        || refused instanceof SQLRecoverableException
        || (state != null
            && (state.startsWith(NO_CONNECTION)
                || state.startsWith(SHUTTING_DOWN)
                || state.equals(IDLE_IN_TRANSACTION)));
  }
}
