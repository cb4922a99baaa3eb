package dev.berth.objects;

/**
 * The keys of the bucket. Numbers are padded, so that the order of keys is the order of numbers.
 */
public final class ObjectKeys {
  private ObjectKeys() {}

  /** Everything of a session's transcript. */
  public static String transcript(String project, String session) {
    return "transcripts/%s/%s/".formatted(project, session);
  }

  /** What the sandbox of an epoch wrote. */
  public static String transcriptEpoch(String project, String session, int epoch) {
    return "%s%08d/".formatted(transcript(project, session), epoch);
  }

  /**
   * A part of what the sandbox of an epoch wrote, named by the number of the first frame in it; the
   * part 0 is what the epoch began with, all earlier epochs together.
   */
  public static String transcriptPart(String project, String session, int epoch, long frame) {
    return "%s%012d.jsonl".formatted(transcriptEpoch(project, session, epoch), frame);
  }

  /** The snapshots of a session's workspace: a restic repository of its own. */
  public static String workspace(String project, String session) {
    return "workspaces/%s/%s/".formatted(project, session);
  }
}
