package dev.berth.api.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.berth.api.auth.TokenClaims;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.client.SessionOptions;
import dev.berth.protocol.event.SessionEvent.OptionsClamped;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class OptionsPolicyTest {
  private static final String NOTHING = "{}";
  private static final String OPUS = "claude-opus-4-5-20251101";
  private static final String HAIKU = "claude-haiku-4-5-20251001";

  private static final OptionsPolicy POLICY =
      policy(List.of("default", "plan", "acceptEdits", "dontAsk", "bypassPermissions"));

  @Test
  void whoAsksForNothingGetsTheServersDefaults() {
    var options = decide(NOTHING, NOTHING);

    var agent = options.agent();
    assertThat(agent.model()).isEqualTo("claude-sonnet-4-5-20250929");
    assertThat(agent.permissionMode()).isEqualTo("default");
    assertThat(agent.clientToolTimeoutMillis()).isEqualTo(600_000);
    assertThat(agent.maxTurns()).isNull();
    assertThat(agent.tools()).isNull();
    assertThat(agent.env()).isEmpty();
    assertThat(options.allowedModels()).isNull();
    assertThat(options.clamped()).isEmpty();
    assertThat(options.hasClientTools()).isFalse();
  }

  @Test
  void whoMayDoEverythingGetsWhatWasAskedFor() {
    var options =
        decide(
            """
            {"model": "opus", "fallbackModel": "haiku", "maxTurns": 7, "maxBudgetUsd": 0.5,
             "maxThinkingTokens": 1024, "systemPrompt": "be brief", "tools": ["Read"],
             "allowedTools": ["Read"], "disallowedTools": ["Bash"], "betas": ["b"],
             "permissionMode": "plan", "env": {"A": "1"}, "settingSources": ["project"],
             "resumeSessionAt": "u",
             "outputFormat": {"type": "json_schema", "schema": {"type": "object"}}}
            """,
            NOTHING);

    var agent = options.agent();
    assertThat(agent.model()).isEqualTo(OPUS);
    assertThat(agent.fallbackModel()).isEqualTo(HAIKU);
    assertThat(agent.maxTurns()).isEqualTo(7);
    assertThat(agent.maxBudgetUsd()).isEqualTo(0.5);
    assertThat(agent.maxThinkingTokens()).isEqualTo(1024);
    assertThat(agent.systemPrompt()).isEqualTo(json("\"be brief\""));
    assertThat(agent.tools()).isEqualTo(json("[\"Read\"]"));
    assertThat(agent.allowedTools()).containsExactly("Read");
    assertThat(agent.disallowedTools()).containsExactly("Bash");
    assertThat(agent.betas()).containsExactly("b");
    assertThat(agent.permissionMode()).isEqualTo("plan");
    assertThat(agent.env()).containsEntry("A", "1");
    assertThat(agent.settingSources()).containsExactly("project");
    assertThat(agent.resumeSessionAt()).isEqualTo("u");
    assertThat(agent.outputFormat())
        .isEqualTo(json("{\"type\": \"json_schema\", \"schema\": {\"type\": \"object\"}}"));
    assertThat(options.clamped()).isEmpty();
  }

  @Test
  void theTokensConfigurationStandsAboveTheClientsFieldByField() {
    var options =
        decide(
            "{\"model\": \"opus\", \"systemPrompt\": \"mine\", \"maxTurns\": 3}",
            "{\"sdkConfig\": {\"systemPrompt\": \"the app's\", \"model\": \"haiku\"}}");

    assertThat(options.agent().systemPrompt()).isEqualTo(json("\"the app's\""));
    assertThat(options.agent().model()).isEqualTo(HAIKU);
    assertThat(options.agent().maxTurns()).isEqualTo(3);
  }

  @Test
  void theTokensConfigurationIsCutToThePermissionsTooAndSoIsTheClients() {
    var options =
        decide(
            NOTHING,
            "{\"sdkConfig\": {\"model\": \"opus\"}, \"permissions\": {\"model\": \"haiku\"}}");

    assertThat(options.agent().model()).isEqualTo(HAIKU);
  }

  @Test
  void aModelOutsideTheTokensIsReplacedByItsFirstAndThatIsTold() {
    var options =
        decide(
            "{\"model\": \"opus\"}",
            "{\"permissions\": {\"allowedModels\": [\"sonnet\", \"haiku\"]}}");

    assertThat(options.agent().model()).isEqualTo("claude-sonnet-4-5-20250929");
    assertThat(options.allowedModels()).containsExactly("claude-sonnet-4-5-20250929", HAIKU);
    assertThat(options.clamped())
        .containsExactly(
            new OptionsClamped(
                "model",
                json("\"opus\""),
                json("\"claude-sonnet-4-5-20250929\""),
                "permissions.model"));
  }

  @Test
  void theDefaultModelGivesWayToTheTokensWithoutAWord() {
    var options = decide(NOTHING, "{\"permissions\": {\"model\": \"haiku\"}}");

    assertThat(options.agent().model()).isEqualTo(HAIKU);
    assertThat(options.clamped()).isEmpty();
  }

  @Test
  void aliasesOfTheClientAndOfTheTokenMeanTheSameModel() {
    var options =
        decide(
            "{\"model\": \"claude-opus-4-5-20250929\"}",
            "{\"permissions\": {\"model\": \"opus\"}}");

    assertThat(options.agent().model()).isEqualTo(OPUS);
    assertThat(options.clamped()).isEmpty();
  }

  @Test
  void whatTheAgentAsksOnTheSideStaysWithinTheTokensModels() {
    var options =
        decide(
            "{\"env\": {\"ANTHROPIC_SMALL_FAST_MODEL\": \"claude-opus-4-5\"}}",
            "{\"permissions\": {\"allowedModels\": [\"opus\", \"haiku\"]}}");

    assertThat(options.agent().env())
        .containsEntry("ANTHROPIC_SMALL_FAST_MODEL", HAIKU)
        .containsEntry("ANTHROPIC_DEFAULT_HAIKU_MODEL", HAIKU);
  }

  @Test
  void aFallbackOutsideTheTokensModelsIsDropped() {
    var options =
        decide(
            "{\"model\": \"haiku\", \"fallbackModel\": \"opus\"}",
            "{\"permissions\": {\"model\": \"haiku\"}}");

    assertThat(options.agent().fallbackModel()).isNull();
    assertThat(options.clamped())
        .containsExactly(
            new OptionsClamped(
                "fallbackModel", json("\"opus\""), json("null"), "permissions.model"));
  }

  @ParameterizedTest
  @CsvSource({"3, 5, 3, 0", "5, 5, 5, 0", "9, 5, 5, 1"})
  void turnsAreBoundedByTheToken(int asked, int most, int granted, int clamps) {
    var options =
        decide(
            "{\"maxTurns\": %d}".formatted(asked),
            "{\"permissions\": {\"maxTurns\": %d}}".formatted(most));

    assertThat(options.agent().maxTurns()).isEqualTo(granted);
    assertThat(options.clamped()).hasSize(clamps);
  }

  @Test
  void whoAsksForNoBoundOfTurnsGetsTheTokens() {
    assertThat(decide(NOTHING, "{\"permissions\": {\"maxTurns\": 5}}").agent().maxTurns())
        .isEqualTo(5);
  }

  @Test
  void toolsAreThoseThatClientAndTokenBothName() {
    var options =
        decide(
            "{\"tools\": [\"Read\", \"Bash\"], \"allowedTools\": [\"Bash\", \"Read\"]}",
            "{\"permissions\": {\"tools\": [\"Read\", \"Grep\"]}}");

    assertThat(options.agent().tools()).isEqualTo(json("[\"Read\"]"));
    assertThat(options.agent().allowedTools()).containsExactly("Read");
    assertThat(options.clamped())
        .extracting(OptionsClamped::option)
        .containsExactly("tools", "allowedTools");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"tools\": \"claude_code\"}",
        "{\"tools\": {\"type\": \"preset\", \"preset\": \"claude_code\"}}"
      })
  void anOpenChoiceOfToolsIsCutToTheTokens(String asked) {
    assertThat(decide(asked, "{\"permissions\": {\"tools\": [\"Read\"]}}").agent().tools())
        .isEqualTo(json("[\"Read\"]"));
  }

  @Test
  void aStarInTheTokenPermitsEveryTool() {
    var options = decide("{\"tools\": [\"Bash\"]}", "{\"permissions\": {\"tools\": [\"*\"]}}");

    assertThat(options.agent().tools()).isEqualTo(json("[\"Bash\"]"));
    assertThat(options.clamped()).isEmpty();
  }

  @Test
  void thePresetOfToolsMayBeGivenByItsName() {
    assertThat(decide("{\"tools\": \"claude_code\"}", NOTHING).agent().tools())
        .isEqualTo(json("{\"type\": \"preset\", \"preset\": \"claude_code\"}"));
  }

  @Test
  void toolObjectsAloneDoNotTakeTheAgentsOwnToolsAway() {
    var options = decide("{\"tools\": [{\"name\": \"ask\", \"executeIn\": \"client\"}]}", NOTHING);

    assertThat(options.agent().tools()).isNull();
    assertThat(options.hasClientTools()).isTrue();
  }

  @Test
  void anEmptyListOfToolsMeansNoTools() {
    assertThat(decide("{\"tools\": []}", NOTHING).agent().tools()).isEqualTo(json("[]"));
  }

  @Test
  void blockedToolsJoinThoseThatTheClientDisallows() {
    assertThat(
            decide(
                    "{\"disallowedTools\": [\"Bash\", \"Write\"]}",
                    "{\"permissions\": {\"blockedTools\": [\"WebFetch\", \"Bash\"]}}")
                .agent()
                .disallowedTools())
        .containsExactly("Bash", "Write", "WebFetch");
  }

  @Test
  void aStarAmongTheAllowedToolsMeansThatNothingIsAsked() {
    var agent = decide("{\"allowedTools\": [\"*\"]}", NOTHING).agent();

    assertThat(agent.permissionMode()).isEqualTo("bypassPermissions");
    assertThat(agent.allowedTools()).isEmpty();
  }

  @Test
  void theClientsOwnPermissionModeStandsAboveTheStar() {
    assertThat(
            decide("{\"allowedTools\": [\"*\"], \"permissionMode\": \"plan\"}", NOTHING)
                .agent()
                .permissionMode())
        .isEqualTo("plan");
  }

  @Test
  void aPermissionModeThatTheOperatorForbidsFallsBackAndThatIsTold() {
    var options =
        policy(List.of("default", "plan"))
            .decide(options("{\"permissionMode\": \"bypassPermissions\"}"), token(NOTHING));

    assertThat(options.agent().permissionMode()).isEqualTo("default");
    assertThat(options.clamped())
        .containsExactly(
            new OptionsClamped(
                "permissionMode",
                json("\"bypassPermissions\""),
                json("\"default\""),
                "session.permission-modes"));
  }

  @Test
  void namesThatThePlatformOwnsAreToldWithoutTheirValues() {
    var options =
        decide("{\"env\": {\"ANTHROPIC_API_KEY\": \"sk-secret\", \"A\": \"1\"}}", NOTHING);

    assertThat(options.agent().env()).containsOnlyKeys("A");
    assertThat(options.clamped())
        .extracting(OptionsClamped::asked)
        .containsExactly(json("[\"ANTHROPIC_API_KEY\"]"));
    assertThat(options.clamped().toString()).doesNotContain("sk-secret");
  }

  @Test
  void subagentsAreTranslatedToTheAgentSdksWords() {
    var agents =
        decide(
                """
                {"agents": {
                  "helper": {"name": "helper", "systemPrompt": "help", "model": "haiku"},
                  "other": {"description": "d", "prompt": "p", "systemPrompt": "ignored"}}}
                """,
                NOTHING)
            .agent()
            .agents();

    assertThat(agents)
        .containsEntry(
            "helper",
            json("{\"model\": \"haiku\", \"prompt\": \"help\", \"description\": \"helper\"}"))
        .containsEntry("other", json("{\"description\": \"d\", \"prompt\": \"p\"}"));
  }

  @Test
  void theFormatOfTheOutputMayComeAsText() {
    assertThat(
            decide("{\"outputFormat\": \"{\\\"schema\\\": {}}\"}", NOTHING).agent().outputFormat())
        .isEqualTo(json("{\"schema\": {}}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      value = {
        "{\"maxTurns\": 0} | maxTurns: 0 (expected: > 0)",
        "{\"maxTurns\": -1} | maxTurns: -1 (expected: > 0)",
        "{\"maxBudgetUsd\": 0} | maxBudgetUsd: 0.0 (expected: > 0)",
        "{\"maxThinkingTokens\": -5} | maxThinkingTokens: -5 (expected: > 0)",
        "{\"systemPrompt\": 7} | systemPrompt: 7 (expected: text or a preset object)",
        "{\"tools\": \"all\"} | tools: \"all\" (expected: an array of names, or a preset)",
        "{\"permissionMode\": \"yolo\"} | permissionMode: yolo (expected: one of default, plan",
        "{\"settingSources\": [\"cloud\"]} | settingSources: cloud (expected: user, project or local)",
        "{\"outputFormat\": {\"type\": \"text\"}} | outputFormat: ",
        "{\"outputFormat\": \"not JSON\"} | outputFormat: ",
        "{\"outputFormat\": \"\"} | outputFormat: ",
        "{\"agents\": {\"a\": \"text\"}} | agents.a: \"text\" (expected: an object)",
        "{\"agents\": {\"a\": null}} | agents.a: null (expected: an object)",
        "{\"agents\": {\"a\": {}}} | agents.a.systemPrompt",
        "{\"allowedTools\": [null]} | allowedTools: ",
        "{\"disallowedTools\": [\"Bash\", null]} | disallowedTools: ",
        "{\"betas\": [null]} | betas: ",
        "{\"settingSources\": [null]} | settingSources: ",
      })
  void refusesAnOptionThatCannotBeUsedByNameValueAndExpectation(String asked, String told) {
    assertThatThrownBy(() -> decide(asked, NOTHING))
        .isInstanceOfSatisfying(
            ProblemException.class,
            refused -> assertThat(refused.problem().type()).isEqualTo(ProblemType.INVALID_REQUEST))
        .hasMessageStartingWith("Invalid options: ")
        .hasMessageContaining(told);
  }

  @Test
  void aRefusalShowsALongValueByItsBeginning() {
    assertThatThrownBy(() -> decide("{\"tools\": \"%s\"}".formatted("x".repeat(5_000)), NOTHING))
        .hasMessageContaining("…")
        .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(300));
  }

  private static OptionsPolicy policy(List<String> permissionModes) {
    return new OptionsPolicy(
        new SessionProperties(
            "claude-sonnet-4-5-20250929",
            "default",
            permissionModes,
            Duration.ofMinutes(30),
            Duration.ofSeconds(30),
            Duration.ofMinutes(10),
            Duration.ofMinutes(15),
            Duration.ofHours(2),
            Duration.ofMinutes(1)));
  }

  private static EffectiveOptions decide(String asked, String token) {
    return POLICY.decide(options(asked), token(token));
  }

  private static SessionOptions options(String json) {
    return ProtocolJson.mapper().readValue(json, SessionOptions.class);
  }

  private static TokenClaims token(String json) {
    return ProtocolJson.mapper().readValue(json, TokenClaims.class);
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }
}
