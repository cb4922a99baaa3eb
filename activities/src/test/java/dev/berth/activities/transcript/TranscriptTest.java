package dev.berth.activities.transcript;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.TestObjects;
import dev.berth.objects.ObjectKeys;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeCommand.TranscriptPage;
import dev.berth.protocol.bridge.BridgeFrame.LoadTranscript;
import dev.berth.protocol.bridge.BridgeFrame.TranscriptPart;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class TranscriptTest {
  private static final ProjectId PROJECT = new ProjectId("p");

  @TempDir private static Path folder;
  private static TestObjects objects;
  private static TranscriptStore store;

  private final SessionId session = new SessionId(UUID.randomUUID().toString());

  @BeforeAll
  static void startServer() throws Exception {
    objects = TestObjects.in(folder);
    store = new TranscriptStore(objects.store());
  }

  @AfterAll
  static void stopServer() throws Exception {
    objects.close();
  }

  @Test
  void aSessionThatHasNotSpokenHasNoTranscript() {
    assertThat(store.begin(PROJECT, session, 1).isEmpty()).isTrue();
    assertThat(keys()).isEmpty();
  }

  @Test
  void aSandboxBeginsWithAllThatEarlierOnesWrote() {
    write(1, part(1, "a", "b"), part(2, "c"));
    assertThat(begin(2)).containsExactly("a", "b", "c");
    write(2, part(1, "d"));

    assertThat(begin(3)).containsExactly("a", "b", "c", "d");
  }

  @Test
  void partsThatCameWhileOneWasWrittenShareAnObjectNamedByTheFirst() {
    var writer = new TranscriptWriter(objects.store(), PROJECT, session, 4);
    var stored =
        LongStream.rangeClosed(1, 20)
            .mapToObj(frame ->
                requireNonNull(writer.append(part(frame, "e" + frame))).toCompletableFuture())
            .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(stored).join();
    assertThat(writer.end()).isTrue();

    assertThat(keys())
        .hasSizeLessThan(20)
        .first()
        .isEqualTo("transcripts/p/%s/00000004/000000000001.jsonl".formatted(session));
    assertThat(begin(5))
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, 20).mapToObj(frame -> "e" + frame).toList());
  }

  @Test
  void beginningAgainGivesTheSameAndWritesOneObject() {
    write(1, part(1, "a"));

    assertThat(begin(2)).containsExactly("a");
    assertThat(begin(2)).containsExactly("a");

    assertThat(keys())
        .containsExactly(
            ObjectKeys.transcriptPart("p", session.value(), 1, 1),
            ObjectKeys.transcriptPart("p", session.value(), 2, 0));
  }

  @Test
  void whatAnOutlivedSandboxStillWritesIsNeverRead() {
    write(1, part(1, "a"));
    begin(2);

    write(1, part(2, "too late"));

    assertThat(begin(2)).containsExactly("a");
    write(2, part(1, "b"));
    assertThat(begin(3)).containsExactly("a", "b");
  }

  @Test
  void whatTheSandboxItselfWroteIsNotWhatItBeginsWith() {
    write(1, part(1, "a"));
    begin(2);
    write(2, part(1, "own"));

    assertThat(begin(2)).containsExactly("a");
  }

  @Test
  void aPartThatWasStoredTwiceCountsOnce() {
    write(1, part(1, "a", "b"), part(2, "c"));
    write(1, part(2, "c"), part(3, "d"));

    assertThat(begin(2)).containsExactly("a", "b", "c", "d");
  }

  @Test
  void anEntryThatALaterSandboxWritesAgainCountsOnce() {
    write(1, part(1, "a"));
    begin(2);
    write(2, part(1, "a", "b"));

    assertThat(begin(3)).containsExactly("a", "b");
  }

  @Test
  void subagentsHaveTranscriptsOfTheirOwnAndMayUseTheSameIds() {
    write(
        1,
        part(1, "a"),
        new TranscriptPart(2, "subagents/agent-1", List.of(entry("a"), entry("x"))));

    var transcript = store.begin(PROJECT, session, 2);

    assertThat(transcript.main()).hasSize(1);
    assertThat(transcript.byPath())
        .isEqualTo(Map.of("subagents/agent-1", List.of(entry("a"), entry("x"))));
    assertThat(store.begin(PROJECT, session, 3)).isEqualTo(transcript);
  }

  /** Scenario C3. */
  @Test
  void c3PartsThatAppearInAnotherOrderOrTwiceGiveTheOriginal() {
    write(1, part(5, "e"), part(7, "f"));
    write(1, part(3, "c", "d"));
    write(1, part(1, "a"), part(2, "b"));
    // The bridge sent again what it had no acknowledgement of, and more had come meanwhile.
    write(1, part(2, "b"), part(3, "c", "d"), part(5, "e"));

    assertThat(begin(2)).containsExactly("a", "b", "c", "d", "e", "f");
  }

  /** Scenario C4. */
  @Test
  void c4ATornLineAnEmptyPartAndAnUnknownKindDoNotKeepTheTranscriptFromLoading() {
    var kind = ProtocolJson.mapper().createObjectNode().put("type", "from-the-future");
    write(1, part(1, "a"), new TranscriptPart(2, null, List.of(kind)));
    put(3, new byte[0]);
    var whole = TranscriptLines.encode(List.of(part(4, "b", "torn")));
    put(4, Arrays.copyOf(whole, whole.length - 12));
    write(1, part(5, "c"));

    var transcript = store.begin(PROJECT, session, 2).main();

    assertThat(transcript).containsExactly(entry("a"), kind, entry("b"), entry("c"));
    // It is whole from now on: the next sandbox begins with what could be read.
    assertThat(objects.store().get(ObjectKeys.transcriptPart("p", session.value(), 2, 0)))
        .asString()
        .hasLineCount(4)
        .doesNotContain("torn");
    assertThat(store.begin(PROJECT, session, 3).main()).isEqualTo(transcript);
  }

  @Test
  void oldEpochsAreRemovedWhenNewerOnesHoldWhatTheyHeld() {
    for (var epoch = 1; epoch <= 6; epoch++) {
      write(epoch, part(1, "e" + epoch));
      begin(epoch + 1);
    }

    assertThat(begin(7)).containsExactly("e1", "e2", "e3", "e4", "e5", "e6");
    assertThat(keys()).noneMatch(key -> key.contains("/00000001/") || key.contains("/00000003/"));
  }

  @Test
  void aTranscriptIsHandedOverInPagesThatFitALine() {
    var large = "x".repeat(3 * 1024 * 1024);
    var entries = Stream.of(large, large, large).map(TranscriptTest::entry).toList();

    var pages = pages(new Transcript(entries, Map.of("s", List.of(entry("y")))), null);

    assertThat(pages).hasSize(2);
    assertThat(pages.getFirst().last()).isFalse();
    assertThat(pages.getFirst().subpaths()).isEmpty();
    assertThat(pages.getLast().last()).isTrue();
    assertThat(pages.getLast().subpaths()).containsExactly("s");
    assertThat(pages.stream().flatMap(page -> page.entries().stream())).hasSize(3);
    assertThat(pages)
        .allMatch(TranscriptPage::found)
        .allMatch(page -> page.requestId().equals("r"));
  }

  @Test
  void aSubpathThatWasNeverWrittenIsNotFound() {
    var pages = pages(new Transcript(List.of(entry("a")), Map.of()), "subagents/none");

    assertThat(pages).containsExactly(new TranscriptPage("r", false, List.of(), List.of(), true));
  }

  private static List<TranscriptPage> pages(Transcript transcript, @Nullable String subpath) {
    var pages = new ArrayList<TranscriptPage>();
    TranscriptPages.send(transcript, new LoadTranscript("r", subpath), pages::add);
    return pages;
  }

  private List<String> begin(int epoch) {
    return store.begin(PROJECT, session, epoch).main().stream()
        .map(entry -> entry.path("uuid").asString())
        .toList();
  }

  /** Stores the parts in one object, as a writer does with parts that come at once. */
  private void write(int epoch, TranscriptPart... parts) {
    var key = ObjectKeys.transcriptPart(PROJECT.value(), session.value(), epoch, parts[0].frame());
    objects.store().put(key, TranscriptLines.encode(List.of(parts)), TranscriptLines.CONTENT_TYPE);
  }

  private void put(long frame, byte[] content) {
    objects
        .store()
        .put(
            ObjectKeys.transcriptPart(PROJECT.value(), session.value(), 1, frame),
            content,
            TranscriptLines.CONTENT_TYPE);
  }

  private List<String> keys() {
    return objects.store().keys(ObjectKeys.transcript(PROJECT.value(), session.value()));
  }

  private static TranscriptPart part(long frame, String... uuids) {
    return new TranscriptPart(frame, null, Stream.of(uuids).map(TranscriptTest::entry).toList());
  }

  private static JsonNode entry(String uuid) {
    return ProtocolJson.mapper().createObjectNode().put("uuid", uuid);
  }
}
