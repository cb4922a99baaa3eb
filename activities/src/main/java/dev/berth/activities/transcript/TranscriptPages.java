package dev.berth.activities.transcript;

import dev.berth.protocol.bridge.BridgeCommand.TranscriptPage;
import dev.berth.protocol.bridge.BridgeFrame.LoadTranscript;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/** Hands a transcript to a bridge, in pages that fit a line of the door. */
public final class TranscriptPages {
  /** Far below the door's longest line. */
  private static final int PAGE_CHARACTERS = 4 * 1024 * 1024;

  private TranscriptPages() {}

  public static void send(
      Transcript transcript, LoadTranscript load, Consumer<TranscriptPage> bridge) {
    var subpath = load.subpath();
    var entries =
        subpath == null ? transcript.main() : transcript.byPath().getOrDefault(subpath, List.of());
    var subpaths = subpath == null ? List.copyOf(transcript.subpaths()) : List.<String>of();
    var page = new ArrayList<JsonNode>();
    var characters = 0;
    for (var entry : entries) {
      page.add(entry);
      characters += entry.toString().length();
      if (characters > PAGE_CHARACTERS) {
        bridge.accept(new TranscriptPage(load.requestId(), true, page, List.of(), false));
        page = new ArrayList<>();
        characters = 0;
      }
    }
    bridge.accept(new TranscriptPage(load.requestId(), !entries.isEmpty(), page, subpaths, true));
  }
}
