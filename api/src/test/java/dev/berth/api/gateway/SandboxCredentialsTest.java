package dev.berth.api.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.util.Base64URL;
import dev.berth.api.TestProject;
import dev.berth.api.gateway.SandboxCredentials.Holder;
import dev.berth.protocol.Secret;
import dev.berth.protocol.SessionId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxCredentialsTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final String INTERNAL = "the internal credential of all nodes";
  private static final Holder HOLDER =
      new Holder(new SessionId("8f14e45f-ceea-467f-9575-6f1d2c1b9d1a"), 3);

  private final SandboxCredentials credentials = at(NOW, INTERNAL);

  @Test
  void anyNodeKnowsTheHolderOfWhatAnotherOneIssued() {
    var issued = credentials.issue(HOLDER);

    assertThat(at(NOW.plusSeconds(599), INTERNAL).verify(issued.credential())).isEqualTo(HOLDER);
    assertThat(issued.expiresAt()).isEqualTo(NOW.plusSeconds(600));
  }

  @Test
  void refusesACredentialThatHasEnded() {
    var issued = credentials.issue(HOLDER);

    assertThat(at(NOW.plusSeconds(601), INTERNAL).verify(issued.credential())).isNull();
  }

  @Test
  void refusesTheCredentialOfAnotherInstallation() {
    var foreign = at(NOW, "another internal credential").issue(HOLDER);

    assertThat(credentials.verify(foreign.credential())).isNull();
  }

  @Test
  void whoKnowsTheInternalCredentialCannotSignWithIt() {
    var forged = TestProject.signed(JWSAlgorithm.HS256, INTERNAL, claims("model-gateway"));

    assertThat(credentials.verify(forged)).isNull();
  }

  @Test
  void refusesAlgorithmNone() {
    var header = Base64URL.encode("{\"alg\":\"none\"}");
    var payload = Base64URL.encode(claims("model-gateway"));

    assertThat(credentials.verify(header + "." + payload + ".")).isNull();
  }

  @Test
  void refusesClaimsThatWereChanged() {
    var parts = credentials.issue(HOLDER).credential().split("\\.", -1);
    var claims = new String(Base64URL.from(parts[1]).decode(), UTF_8);
    var changed = Base64URL.encode(claims.replace("\"epoch\":3", "\"epoch\":4"));

    assertThat(claims).contains("\"epoch\":3");
    assertThat(credentials.verify(parts[0] + "." + changed + "." + parts[2])).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "a.b.c", "sk-ant-api03-whatever"})
  void refusesWhatIsNotACredential(String text) {
    assertThat(credentials.verify(text)).isNull();
  }

  private static String claims(String audience) {
    return """
    {"aud": "%s", "sub": "%s", "epoch": 3, "exp": %d}
    """
        .formatted(audience, HOLDER.session(), NOW.plusSeconds(60).getEpochSecond());
  }

  private static SandboxCredentials at(Instant now, String internal) {
    return new SandboxCredentials(
        new Secret(internal), Duration.ofMinutes(10), Clock.fixed(now, ZoneOffset.UTC));
  }
}
