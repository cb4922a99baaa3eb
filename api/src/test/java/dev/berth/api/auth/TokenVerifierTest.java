package dev.berth.api.auth;

import static dev.berth.db.generated.Tables.PROJECTS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.util.Base64URL;
import dev.berth.api.TestProject;
import dev.berth.db.TestDatabase;
import dev.berth.protocol.Problem;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.ProtocolJson;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@Timeout(60)
class TokenVerifierTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private static TestDatabase database;
  private static TestProject project;
  private static TokenVerifier verifier;

  @BeforeAll
  static void startDatabase() {
    database = TestDatabase.start();
    project = TestProject.in(database.dsl());
    verifier = new TokenVerifier(new Projects(database.dsl()), Clock.fixed(NOW, ZoneOffset.UTC));
  }

  @AfterAll
  static void stopDatabase() {
    database.close();
  }

  @Test
  void aGoodTokenSaysWhoseItIs() {
    var verified = verifier.verify(project.signed(claims(good -> {})));

    assertThat(verified.user()).isEqualTo(project.user("jane"));
    assertThat(verified.expires()).isEqualTo(NOW.plusSeconds(60));
    assertThat(verified.isExpired(NOW.plusSeconds(59))).isFalse();
    assertThat(verified.isExpired(NOW.plusSeconds(60))).isTrue();
  }

  @Test
  void theOrderOfTheHeadersFieldsDoesNotMatter() {
    var token = project.signed(claims(good -> {}));
    var payload = token.substring(token.indexOf('.') + 1, token.lastIndexOf('.'));
    var header = Base64URL.encode("{\"typ\":\"JWT\",\"alg\":\"HS256\"}").toString();

    assertThat(verifier.verify(hmac(header + "." + payload)).user().id().value()).isEqualTo("jane");
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", " "})
  void asksForATokenWhereThereIsNone(@Nullable String token) {
    assertThat(refusal(token))
        .isEqualTo(
            new Problem(
                ProblemType.INVALID_TOKEN,
                "Authentication failed: no token; connect with ?token=<JWT>, or send Authorization: Bearer <JWT>."));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "a.b", "a.b.c", "..", "a.b.c.d.e", "e30.e30.e30"})
  void refusesWhatIsNotAToken(String token) {
    assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "[]", "\"text\"", "7", "{", "{\"exp\": \"soon\"}"})
  void refusesASignedPayloadThatIsNotClaims(String payload) {
    assertThat(refusal(project.signed(payload)).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesATokenThatIsLongerThanAnyRealOne() {
    var token = project.signed(claims(good -> good.put("note", "x".repeat(64 * 1024))));

    assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesAlgorithmNone() {
    var header = Base64URL.encode("{\"alg\":\"none\",\"typ\":\"JWT\"}");
    var payload = Base64URL.encode(claims(good -> {}));

    assertThat(refusal(header + "." + payload + ".").type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesAlgorithmNoneWithTheSignatureOfAGoodToken() {
    var good = project.signed(claims(claims -> {}));
    var header = Base64URL.encode("{\"alg\":\"none\",\"typ\":\"JWT\"}");

    assertThat(refusal(header + good.substring(good.indexOf('.'))).type())
        .isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesEveryOtherAlgorithm() {
    var key = project.key().repeat(2);
    for (var algorithm : new JWSAlgorithm[] {JWSAlgorithm.HS384, JWSAlgorithm.HS512}) {
      var token = TestProject.signed(algorithm, key, claims(good -> {}));

      assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_TOKEN);
    }
  }

  @Test
  void refusesAnotherKeysSignature() {
    var token = TestProject.signed(JWSAlgorithm.HS256, "x".repeat(40), claims(good -> {}));

    assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void theKeyIsTheWholeTextWithItsPrefix() {
    var withoutPrefix = project.key().substring("hk_live_".length());

    assertThat(refusal(TestProject.signed(JWSAlgorithm.HS256, withoutPrefix, claims(good -> {}))))
        .extracting(Problem::type)
        .isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesChangedClaimsUnderAGoodSignature() {
    var token = project.signed(claims(good -> {}));
    var changed = Base64URL.encode(claims(good -> good.put("sub", "somebody else")));
    var forged =
        token.substring(0, token.indexOf('.') + 1)
            + changed
            + token.substring(token.lastIndexOf('.'));

    assertThat(refusal(forged).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void anUnknownIssuerAndABadSignatureLookTheSame() {
    var unknown = project.signed(claims(good -> good.put("iss", "nobody")));
    var badlySigned = TestProject.signed(JWSAlgorithm.HS256, "x".repeat(40), claims(good -> {}));

    assertThat(refusal(unknown)).isEqualTo(refusal(badlySigned));
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "a project", "p/../p"})
  void refusesAnIssuerThatCannotBeAProject(@Nullable String issuer) {
    assertThat(refusal(project.signed(claims(good -> good.put("iss", issuer)))).type())
        .isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesATokenOfAProjectThatIsSwitchedOff() {
    var off = TestProject.in(database.dsl());
    database
        .dsl()
        .update(PROJECTS)
        .set(PROJECTS.ACTIVE, false)
        .where(PROJECTS.PROJECT_ID.eq(off.id()))
        .execute();

    assertThat(refusal(off.token("jane")).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesATokenThatAnotherProjectSigned() {
    var other = TestProject.in(database.dsl());
    database
        .dsl()
        .update(PROJECTS)
        .set(PROJECTS.HMAC_KEY, "hk_live_ffffffffffffffffffffffffffffffff")
        .where(PROJECTS.PROJECT_ID.eq(other.id()))
        .execute();

    assertThat(refusal(other.token("jane")).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @Test
  void refusesATokenFromItsExpiryOnAndSaysWhenThatWas() {
    var token = project.signed(claims(good -> good.put("exp", NOW.getEpochSecond())));

    assertThat(refusal(token))
        .isEqualTo(
            new Problem(
                ProblemType.TOKEN_EXPIRED,
                "Authentication failed: the session token expired at 2026-03-01T12:00:00Z; ask the app for a new one."));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE})
  void refusesAnExpiryThatIsLongPast(long expiry) {
    assertThat(refusal(project.signed(claims(good -> good.put("exp", expiry)))).type())
        .isEqualTo(ProblemType.TOKEN_EXPIRED);
  }

  @Test
  void anExpiryBeyondAllCalendarsIsFarAway() {
    var token = project.signed(claims(good -> good.put("exp", Long.MAX_VALUE)));

    assertThat(verifier.verify(token).isExpired(Instant.parse("2200-01-01T00:00:00Z"))).isFalse();
  }

  @Test
  void refusesATokenWithoutExpiry() {
    assertThat(refusal(project.signed(claims(good -> good.remove("exp")))))
        .isEqualTo(
            new Problem(
                ProblemType.INVALID_TOKEN,
                "Authentication failed: the token has no expiry; set the claim exp."));
  }

  @Test
  void saysNothingOfExpiryBeforeTheSignatureIsGood() {
    var token =
        TestProject.signed(JWSAlgorithm.HS256, "x".repeat(40), claims(good -> good.put("exp", 1)));

    assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_TOKEN);
  }

  @ParameterizedTest
  @NullSource
  @ValueSource(strings = {"", "line\nbreak"})
  void refusesATokenWhoseUserHasNoUsableName(@Nullable String user) {
    var problem = refusal(project.signed(claims(good -> good.put("sub", user))));

    assertThat(problem.type()).isEqualTo(ProblemType.INVALID_TOKEN);
    assertThat(problem.message()).contains("the claim sub is not usable");
  }

  @Test
  void takesAnyTextAsTheUsersName() {
    var token = project.signed(claims(good -> good.put("sub", "n8n workflow / Zoë #7")));

    assertThat(verifier.verify(token).user().id().value()).isEqualTo("n8n workflow / Zoë #7");
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{}", "{\"ai\": 1}", "{\"compute\": 1}"})
  void refusesAGenuineTokenWithoutAWholeBudget(String budget) {
    var token = project.signed(claims(good -> good.set("budget", json(budget))));

    assertThat(refusal(token).type()).isEqualTo(ProblemType.INVALID_REQUEST);
    assertThat(refusal(token).message()).contains("budget.ai").contains("budget.compute");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"ai\": 0, \"compute\": 5}",
        "{\"ai\": 5, \"compute\": 0}",
        "{\"ai\": -5, \"compute\": 5}"
      })
  void aBudgetOfNothingIsUsedUpFromTheStart(String budget) {
    var problem = refusal(project.signed(claims(good -> good.set("budget", json(budget)))));

    assertThat(problem.type()).isEqualTo(ProblemType.USER_BUDGET_EXHAUSTED);
    assertThat(problem.message()).startsWith("Budget exceeded:");
  }

  @Test
  void takesTheWindowOfABudgetInEveryFormThatClientsSend() {
    for (var start :
        new String[] {
          "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00"
        }) {
      var budget =
          json(
              "{\"ai\": 1, \"compute\": 2, \"window\": \"lifetime\", \"windowStart\": \"%s\"}"
                  .formatted(start));

      assertThat(verifier.verify(project.signed(claims(good -> good.set("budget", budget)))))
          .extracting(token -> token.claims().budget())
          .isEqualTo(new TokenClaims.Budget(1L, 2L, "lifetime", start));
    }
  }

  @Test
  void understandsPermissionsUnderTheNamesOfEveryPublishedClient() {
    var ofTypeScript =
        permissions(
            "{\"tools\": [\"Read\"], \"blockedTools\": [\"Bash\"], \"maxTurns\": 3, \"model\": \"opus\"}");
    var ofGo =
        permissions(
            "{\"allowedTools\": [\"Read\"], \"maxTurnsPerSession\": 3, \"allowedModels\": [\"opus\", \"haiku\"]}");

    assertThat(ofTypeScript.tools()).containsExactly("Read");
    assertThat(ofTypeScript.blockedTools()).containsExactly("Bash");
    assertThat(ofTypeScript.maxTurns()).isEqualTo(3);
    assertThat(ofTypeScript.models()).containsExactly("opus");
    assertThat(ofGo.tools()).containsExactly("Read");
    assertThat(ofGo.maxTurns()).isEqualTo(3);
    assertThat(ofGo.models()).containsExactly("opus", "haiku");
  }

  @Test
  void anEmptyListOfModelsRestrictsNothing() {
    assertThat(permissions("{\"allowedModels\": []}").models()).isNull();
  }

  @Test
  void ignoresClaimsThatItDoesNotKnow() {
    var token = project.signed(claims(good -> good.put("nbf", 4_000_000_000L).put("jti", "x")));

    assertThat(verifier.verify(token).user().id().value()).isEqualTo("jane");
  }

  @Test
  void noRefusalShowsTheKeyOrTheToken() {
    var token = project.signed(claims(good -> good.put("exp", 1)));

    assertThat(refusal(token).message()).doesNotContain(project.key()).doesNotContain(token);
  }

  private static TokenClaims.Permissions permissions(String json) {
    var token = project.signed(claims(good -> good.set("permissions", json(json))));
    var permissions = verifier.verify(token).claims().permissions();
    return requireNonNull(permissions);
  }

  private static String claims(Consumer<ObjectNode> change) {
    var claims =
        (ObjectNode)
            json(
                """
                {"sub": "jane", "iss": "%s", "exp": %d, "iat": %d,
                 "budget": {"ai": 1000000, "compute": 3600, "window": "day"}}
                """
                    .formatted(project.id(), NOW.getEpochSecond() + 60, NOW.getEpochSecond() - 60));
    change.accept(claims);
    return claims.toString();
  }

  private static JsonNode json(String json) {
    return ProtocolJson.mapper().readTree(json);
  }

  private static String hmac(String signingInput) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(project.key().getBytes(UTF_8), "HmacSHA256"));
      return signingInput + "." + Base64URL.encode(mac.doFinal(signingInput.getBytes(UTF_8)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Problem refusal(@Nullable String token) {
    var refused = catchThrowableOfType(ProblemException.class, () -> verifier.verify(token));
    assertThat(refused).as("a refusal").isNotNull();
    return refused.problem();
  }
}
