package dev.berth.protocol;

import com.fasterxml.classmate.ResolvedType;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.JsonValue;
import com.github.victools.jsonschema.generator.CustomDefinition;
import com.github.victools.jsonschema.generator.FieldScope;
import com.github.victools.jsonschema.generator.Option;
import com.github.victools.jsonschema.generator.OptionPreset;
import com.github.victools.jsonschema.generator.SchemaGenerator;
import com.github.victools.jsonschema.generator.SchemaGeneratorConfigBuilder;
import com.github.victools.jsonschema.generator.SchemaVersion;
import dev.berth.protocol.bridge.BridgeCommand;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.client.ClientFrame;
import dev.berth.protocol.client.ServerFrame;
import dev.berth.protocol.event.EventEnvelope;
import dev.berth.protocol.event.LiveFrame;
import dev.berth.protocol.event.LogTruncated;
import dev.berth.protocol.event.SessionEvent;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Renders the sealed records of the wire as JSON Schema. Each record becomes a definition whose
 * {@code type} is its tag, and each family the {@code oneOf} of its records; the catch-all of a
 * family is left out, because nothing is ever written as one.
 */
final class WireSchema {
  static final String COMMAND = "tools/generate";

  private static final Map<String, Class<?>> DOCUMENTS = documents();

  private WireSchema() {}

  /** Writes every document into the folder named by the first argument. */
  public static void main(String[] args) throws IOException {
    for (var document : render().entrySet()) {
      Files.writeString(Path.of(args[0]).resolve(document.getKey()), document.getValue());
    }
  }

  /** File name to JSON text. */
  static Map<String, String> render() {
    var rendered = new LinkedHashMap<String, String>();
    DOCUMENTS.forEach((file, root) -> rendered.put(file, render(file, root)));
    return rendered;
  }

  static Stream<Class<?>> leaves(Class<?> type) {
    if (type.isSealed()) {
      return Arrays.stream(type.getPermittedSubclasses()).flatMap(WireSchema::leaves);
    }
    return type.isAnnotationPresent(JsonTypeName.class) ? Stream.of(type) : Stream.empty();
  }

  /** An example of a record with its nullable fields left out. */
  static ObjectNode withoutOptionalFields(Class<?> record, ObjectNode example) {
    var bare = example.deepCopy();
    for (var component : record.getRecordComponents()) {
      if (component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
        var property = component.getAccessor().getAnnotation(JsonProperty.class);
        bare.remove(property == null ? component.getName() : property.value());
      }
    }
    return bare;
  }

  private static Map<String, Class<?>> documents() {
    var documents = new LinkedHashMap<String, Class<?>>();
    documents.put("bridge-command.schema.json", BridgeCommand.class);
    documents.put("bridge-frame.schema.json", BridgeFrame.class);
    documents.put("client-frame.schema.json", ClientFrame.class);
    documents.put("server-frame.schema.json", ServerFrame.class);
    documents.put("session-event.schema.json", SessionEvent.class);
    documents.put("live-frame.schema.json", LiveFrame.class);
    documents.put("event-envelope.schema.json", EventEnvelope.class);
    documents.put("log-truncated.schema.json", LogTruncated.class);
    return documents;
  }

  private static String render(String file, Class<?> root) {
    var mapper = ProtocolJson.mapper();
    var builder = generator().buildMultipleSchemaDefinitions();
    var choices = mapper.createArrayNode();
    leaves(root).map(builder::createSchemaReference).forEach(choices::add);
    var reference = root.isSealed() ? null : builder.createSchemaReference(root);
    var definitions = builder.collectDefinitions("$defs");
    leaves(root).forEach(leaf -> tag(definitions, leaf));

    var schema = mapper.createObjectNode();
    schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    schema.put("$id", file);
    schema.put("title", root.getSimpleName());
    if (reference == null) {
      schema.set("oneOf", choices);
    } else {
      schema.setAll(reference);
    }
    schema.set("$defs", definitions);
    return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(schema) + "\n";
  }

  private static void tag(ObjectNode definitions, Class<?> leaf) {
    var definition = (ObjectNode) Objects.requireNonNull(definitions.get(leaf.getSimpleName()));
    var properties = definition.withObjectProperty("properties");
    var tagged = ProtocolJson.mapper().createObjectNode();
    tagged
        .putObject("type")
        .put("const", Objects.requireNonNull(leaf.getAnnotation(JsonTypeName.class)).value());
    properties.properties().forEach(entry -> tagged.set(entry.getKey(), entry.getValue()));
    definition.set("properties", tagged);
    var required = ProtocolJson.mapper().createArrayNode().add("type");
    definition.withArrayProperty("required").forEach(required::add);
    definition.set("required", required);
  }

  private static SchemaGenerator generator() {
    var config =
        new SchemaGeneratorConfigBuilder(SchemaVersion.DRAFT_2020_12, OptionPreset.PLAIN_JSON)
            .with(Option.DEFINITIONS_FOR_ALL_OBJECTS)
            .with(Option.MAP_VALUES_AS_ADDITIONAL_PROPERTIES)
            .with(Option.FLATTENED_ENUMS_FROM_TOSTRING)
            .without(Option.SCHEMA_VERSION_INDICATOR);
    config
        .forFields()
        .withPropertyNameOverrideResolver(WireSchema::wireName)
        .withRequiredCheck(field -> !nullable(field))
        .withNullableCheck(WireSchema::nullable);
    config
        .forTypesInGeneral()
        .withDefinitionNamingStrategy((key, context) -> definitionName(key.getType()));
    config
        .forTypesInGeneral()
        .withCustomDefinitionProvider((type, context) -> {
          var schema = scalar(type.getErasedType());
          return schema == null
              ? null
              : new CustomDefinition(
                  schema,
                  CustomDefinition.DefinitionType.INLINE,
                  CustomDefinition.AttributeInclusion.YES);
        });
    return new SchemaGenerator(config.build());
  }

  private static String definitionName(ResolvedType type) {
    return type.isInstanceOf(Map.class)
        ? "MapOf" + type.typeParametersFor(Map.class).get(1).getErasedType().getSimpleName()
        : type.getErasedType().getSimpleName();
  }

  /** Types that are one JSON value, whatever they look like in Java. */
  private static @Nullable ObjectNode scalar(Class<?> type) {
    var node = ProtocolJson.mapper().createObjectNode();
    if (JsonNode.class.isAssignableFrom(type)) {
      return node;
    }
    if (type == Instant.class) {
      return node.put("type", "string").put("format", "date-time");
    }
    if (type.isEnum()) {
      var values = node.put("type", "string").putArray("enum");
      for (var constant : type.getEnumConstants()) {
        values.add(ProtocolJson.mapper().valueToTree(constant));
      }
      return node;
    }
    if (type.isRecord() && isText(type)) {
      return node.put("type", "string");
    }
    return null;
  }

  private static boolean isText(Class<?> type) {
    var components = new ArrayList<>(List.of(type.getRecordComponents()));
    return components.size() == 1
        && components.getFirst().getAccessor().isAnnotationPresent(JsonValue.class);
  }

  private static @Nullable String wireName(FieldScope field) {
    var property = component(field).getAccessor().getAnnotation(JsonProperty.class);
    return property == null ? null : property.value();
  }

  private static boolean nullable(FieldScope field) {
    Type declaring = field.getDeclaringType().getErasedType();
    return declaring instanceof Class<?> type
        && type.isRecord()
        && component(field).getAnnotatedType().isAnnotationPresent(Nullable.class);
  }

  private static RecordComponent component(FieldScope field) {
    return Arrays.stream(field.getDeclaringType().getErasedType().getRecordComponents())
        .filter(candidate -> candidate.getName().equals(field.getDeclaredName()))
        .findFirst()
        .orElseThrow();
  }
}
