package dev.berth.activities.sandbox;

import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.transcript.Transcript;
import dev.berth.activities.transcript.TranscriptPages;
import dev.berth.activities.transcript.TranscriptStore;
import dev.berth.activities.transcript.UnfinishedWriters;
import dev.berth.protocol.PlatformPart;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.bridge.BridgeCommand.TranscriptPage;
import dev.berth.protocol.bridge.BridgeFrame;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the agent of a sandbox begins with. An agent that has worked before never begins with
 * nothing, unless its user asked for that.
 */
final class SandboxTranscripts {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxTranscripts.class);

  /** Nothing was written before it. */
  private static final int FIRST_EPOCH = 1;

  /** Parts that an earlier sandbox left are stored in this time, unless the store is away. */
  private static final Duration LEFT_OVER = Duration.ofSeconds(5);

  private final TranscriptStore store;
  private final UnfinishedWriters unfinished;
  private final Restarts restarts;

  SandboxTranscripts(TranscriptStore store, UnfinishedWriters unfinished, Restarts restarts) {
    this.store = store;
    this.unfinished = unfinished;
    this.restarts = restarts;
  }

  /**
   * The transcript that the agent goes on with; empty for one that begins.
   *
   * @throws ProblemException {@code TRANSCRIPT_MISSING}; {@code UNAVAILABLE} while what an earlier
   *     sandbox wrote is not stored
   */
  Transcript begin(Serving serving) {
    if (serving.epoch() == FIRST_EPOCH) {
      return Transcript.EMPTY;
    }
    if (!unfinished.isEmpty(serving.session(), LEFT_OVER)) {
      throw new ProblemException(
          Problem.away(
              PlatformPart.OBJECT_STORAGE,
              "Object storage does not take the last parts of the transcript."));
    }
    if (restarts.isAskedFor(serving.session())) {
      store.beginAnew(serving.project(), serving.session(), serving.epoch());
      return Transcript.EMPTY;
    }
    var transcript = store.begin(serving.project(), serving.session(), serving.epoch());
    if (transcript.isEmpty() && restarts.mustRemember(serving.session())) {
      throw TranscriptStore.missing("The stored transcript of the session is missing.");
    }
    return transcript;
  }

  /** Answers a bridge that asks for the transcript; of one that is lost it says so. */
  void send(Serving serving, BridgeFrame.LoadTranscript load, Consumer<TranscriptPage> bridge) {
    try {
      var transcript = store.begin(serving.project(), serving.session(), serving.epoch());
      TranscriptPages.send(transcript, load, bridge);
    } catch (ProblemException lost) {
      if (lost.problem().type() != ProblemType.TRANSCRIPT_MISSING) {
        throw lost;
      }
      LOG.atError().setCause(lost).log("session {}: its transcript is lost", serving.session());
      bridge.accept(new TranscriptPage(load.requestId(), false, List.of(), List.of(), true));
    }
  }
}
