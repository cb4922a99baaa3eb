package dev.berth.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonTypeName;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.client.ClientFrame;
import dev.berth.protocol.client.ServerFrame;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.SessionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The committed examples are what both Java and TypeScript mean by the wire. */
class WireExamplesTest {
  private static final Map<String, Class<?>> FAMILIES =
      Map.of(
          "bridge-command", BridgeCommand.class,
          "bridge-frame", BridgeFrame.class,
          "client-frame", ClientFrame.class,
          "server-frame", ServerFrame.class,
          "session-event", SessionEvent.class,
          "live-frame", LiveFrame.class);

  private final JsonMapper mapper = ProtocolJson.mapper();

  record Case(Class<?> family, String tag, Path file) {}

  static Stream<Case> records() {
    return FAMILIES.entrySet().stream()
        .flatMap(family ->
            WireSchema.leaves(family.getValue())
                .map(leaf -> Objects.requireNonNull(leaf.getAnnotation(JsonTypeName.class)))
                .map(tag ->
                    new Case(
                        family.getValue(),
                        tag.value(),
                        Path.of("examples/%s.%s.json".formatted(family.getKey(), tag.value())))));
  }

  @ParameterizedTest
  @MethodSource("records")
  void everyRecordReadsAndWritesItsExample(Case wire) throws IOException {
    var example = mapper.readTree(Files.readString(wire.file()));

    var decoded = mapper.treeToValue(example, wire.family());

    assertThat(encoded(decoded)).isEqualTo(normal(example));
  }

  @ParameterizedTest
  @MethodSource("records")
  void aFieldFromTheFutureIsIgnored(Case wire) throws IOException {
    var example = (ObjectNode) mapper.readTree(Files.readString(wire.file()));
    var newer = example.deepCopy().put("a_field_from_the_future", 1);

    var decoded = mapper.treeToValue(newer, wire.family());

    assertThat(encoded(decoded)).isEqualTo(normal(example));
  }

  @ParameterizedTest
  @MethodSource("records")
  void optionalFieldsMayBeAbsentAndAreThenNotWritten(Case wire) throws IOException {
    var example = (ObjectNode) mapper.readTree(Files.readString(wire.file()));
    var record =
        WireSchema.leaves(wire.family())
            .filter(leaf -> wire.tag().equals(tag(leaf)))
            .findFirst()
            .orElseThrow();
    var bare = WireSchema.withoutOptionalFields(record, example);

    var decoded = mapper.treeToValue(bare, wire.family());

    assertThat(encoded(decoded)).isEqualTo(normal(bare));
  }

  @Test
  void anUnknownTagIsACaseAndNotAnError() {
    var text = "{\"type\":\"tag_from_the_future\",\"x\":1}";

    assertThat(mapper.readValue(text, BridgeFrame.class))
        .isEqualTo(new BridgeFrame.Unrecognized("tag_from_the_future"));
    assertThat(mapper.readValue(text, BridgeCommand.class))
        .isEqualTo(new BridgeCommand.Unrecognized("tag_from_the_future"));
    assertThat(mapper.readValue(text, ClientFrame.class))
        .isEqualTo(new ClientFrame.Unrecognized("tag_from_the_future"));
    assertThat(mapper.readValue(text, SessionEvent.class))
        .isEqualTo(new SessionEvent.Unrecognized("tag_from_the_future"));
  }

  @Test
  void anEnvelopeGivesItsEventBack() throws IOException {
    var text = Files.readString(Path.of("examples/event-envelope.json"));

    var envelope = mapper.readValue(text, EventEnvelope.class);

    assertThat(envelope.event()).isEqualTo(new SessionEvent.AgentMessage());
    assertThat(normal(mapper.valueToTree(envelope))).isEqualTo(normal(mapper.readTree(text)));
  }

  @Test
  void aRecordRefusesAMissingRequiredField() {
    assertThatThrownBy(() -> mapper.readValue("{\"type\":\"interrupt\"}", BridgeCommand.class))
        .hasMessageContaining("turnId");
  }

  private JsonNode encoded(Object value) {
    return normal(mapper.valueToTree(value));
  }

  /** Numbers alike, whatever type they were decoded to. */
  private JsonNode normal(JsonNode node) {
    return mapper.readTree(mapper.writeValueAsString(node));
  }

  private static String tag(Class<?> leaf) {
    return Objects.requireNonNull(leaf.getAnnotation(JsonTypeName.class)).value();
  }
}
