package dev.berth.activities.workspace;

import dev.berth.protocol.ProjectId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.TurnId;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots of workspaces, kept where no host's loss reaches them. Each session has a store of its
 * own: nothing of it can be read with another's key, sessions never wait for each other, and it is
 * deleted as a whole.
 *
 * <p>All calls block for a bounded time. Errors: {@code UNAVAILABLE} and {@code TIMED_OUT}
 * (retryable; the store stays readable), {@link UnreadableSnapshot} (final).
 */
public interface WorkspaceSnapshots {
  /**
   * Takes a snapshot of a directory. Only what is new since the earlier snapshot is read and sent.
   * A directory that is as it was gives the earlier snapshot again.
   */
  Taken take(Owner owner, Take what);

  /** Writes a snapshot's files into an empty directory, with their owners, modes and times. */
  void restore(Owner owner, SnapshotId snapshot, Path into);

  /** Whether everything that the snapshots refer to is in the store, as it was put there. */
  Health check(Owner owner, Depth depth);

  /**
   * Makes a damaged store able to take snapshots again: what is missing is not relied on any more,
   * and the next snapshot that is taken without an earlier one brings it back where the directory
   * still has it.
   */
  void repair(Owner owner, Health.Damaged damage);

  /** Removes all snapshots but the newest ones, and what only they referred to. */
  void prune(Owner owner, int kept);

  /** Removes everything that is kept of the session's workspace; nothing is fine. */
  void delete(Owner owner);

  /** Whose workspace. */
  record Owner(ProjectId project, SessionId session) {}

  /**
   * What is taken.
   *
   * @param moment the place in the session's life to which the files belong
   * @param earlier the snapshot to compare with; null reads every file
   * @param quiet whether nobody has written to the directory; asked again after the files were read
   */
  record Take(Path directory, Moment moment, @Nullable SnapshotId earlier, BooleanSupplier quiet) {}

  /**
   * A place in the life of a session.
   *
   * @param seq number of the last event before it
   */
  record Moment(int epoch, TurnId turn, long seq) {}

  /**
   * A snapshot that exists.
   *
   * @param quiesced whether nobody wrote while it was taken; otherwise it holds files as a crash
   *     would have left them
   * @param files how many files it has
   * @param bytes how large they are together
   * @param addedBytes how much had to be stored for it
   */
  record Taken(SnapshotId id, boolean quiesced, long files, long bytes, long addedBytes) {}

  /**
   * How closely a store is looked at: that everything is there and has the size that it should
   * have, and that a share of it can be read back.
   *
   * @param part the share that is read back, counted from 1; 0 for none
   * @param of into how many shares the store is divided
   */
  record Depth(int part, int of) {
    public static final Depth STRUCTURE = new Depth(0, 1);

    /** Every byte is read back. */
    public static final Depth CONTENT = new Depth(1, 1);

    public Depth {
      if (of < 1 || part < 0 || part > of) {
        throw new IllegalArgumentException(
            "share: %d/%d (expected: 0 ≤ part ≤ of)".formatted(part, of));
      }
    }

    public boolean readsBack() {
      return part > 0;
    }

    @Override
    public String toString() {
      return part + "/" + of;
    }
  }

  /** The state of a store. */
  sealed interface Health {
    record Sound() implements Health {}

    /**
     * @param packs objects of the store that cannot be read as they were written
     */
    record Damaged(List<String> packs) implements Health {
      public Damaged {
        packs = List.copyOf(packs);
      }
    }
  }
}
