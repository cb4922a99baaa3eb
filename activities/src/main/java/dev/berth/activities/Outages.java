package dev.berth.activities;

import dev.berth.db.DatabaseOutage;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.exception.SdkException;

/** Recognizes that something failed because a part of the platform is away. */
public final class Outages {
  private Outages() {}

  /** What is away, or null when the failure says something else. */
  public static @Nullable Problem away(Throwable failure) {
    return switch (failure) {
      case ProblemException named -> named.problem().away() == null ? null : named.problem();
      case SdkException store when ObjectStore.isAway(store) ->
          Problem.away(PlatformPart.OBJECT_STORAGE, "Object storage does not answer.");
      case DataAccessException database when DatabaseOutage.isAway(database) ->
          Problem.away(PlatformPart.DATABASE, "The database does not answer.");
      case CompletionException wrapped when wrapped.getCause() != null -> away(wrapped.getCause());
      default -> null;
    };
  }

  /** Works, and gives a failure the name of the part that is away. */
  public static <T> T naming(Supplier<T> work) {
    try {
      return work.get();
    } catch (ProblemException named) {
      throw named;
    } catch (RuntimeException failed) {
      var problem = away(failed);
      if (problem == null) {
        throw failed;
      }
      throw new ProblemException(problem, failed);
    }
  }
}
