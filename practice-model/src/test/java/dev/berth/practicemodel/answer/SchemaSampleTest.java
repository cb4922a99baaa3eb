package dev.berth.practicemodel.answer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class SchemaSampleTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"type\": \"string\"} | \"practice\"",
        "{\"type\": \"string\", \"minLength\": 10} | \"practicepractice\"",
        "{\"type\": [\"null\", \"string\"]} | null",
        "{\"type\": \"integer\", \"minimum\": 5} | 5",
        "{\"type\": \"number\"} | 1",
        "{\"enum\": [\"b\", \"a\"]} | \"b\"",
        "{\"const\": 3} | 3",
        "{\"anyOf\": [{\"type\": \"boolean\"}, {\"type\": \"string\"}]} | true",
        "{\"type\": \"array\", \"items\": {\"const\": 1}} | []",
        "{\"type\": \"array\", \"minItems\": 2, \"items\": {\"const\": 1}} | [1,1]",
        "{\"required\": [\"a\"], \"properties\": {\"a\": {}, \"b\": {}}} | {\"a\":{}}",
        "{\"$ref\": \"#/$defs/x\", \"$defs\": {\"x\": {\"const\": 1}}} | 1",
      })
  void fits(String schema, String sample) {
    assertThat(SchemaSample.of(JsonMapper.shared().readTree(schema))).hasToString(sample);
  }
}
