package dev.berth.tests.e2e;

import static dev.berth.tests.e2e.TestSocket.allowAll;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a hostile agent finds from inside, through its own Bash, on a whole platform. */
@Tag("e2e")
@Timeout(240)
class IsolationIT {
  private static final String PROVIDER_KEY = "practice-key-that-must-not-leak";

  private static TestPlatform platform;
  private static TestSocket socket;

  @BeforeAll
  static void start() {
    platform = TestPlatform.start("isolation", Map.of("ANTHROPIC_API_KEY", PROVIDER_KEY));
    socket = platform.socket("mallory").init(allowAll());
    socket.turn("say ready");
  }

  @AfterAll
  static void stop() {
    socket.close();
    platform.close();
  }

  @Test
  void itIsNobodyWithNoCapabilities() {
    assertThat(bash("id -u")).isEqualTo("10002");
    assertThat(
            bash("grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | awk '{print $2}' | sort -u"))
        .isEqualTo("0000000000000000");
    assertThat(bash("grep NoNewPrivs /proc/self/status | awk '{print $2}'")).isEqualTo("1");
  }

  @Test
  void itHasNoNetworkButLoopback() {
    assertThat(bash("ls /sys/class/net")).isEqualTo("lo");
    assertThat(
            bash(
                "env -u HTTP_PROXY -u http_proxy curl -s -m 3 http://169.254.169.254/ && echo reached || echo unreachable"))
        .isEqualTo("unreachable");
  }

  @Test
  void theWayOutIsClosedAndSaysSo() {
    assertThat(bash("curl -s -m 5 http://example.com/")).contains("egress is closed");
    assertThat(bash("curl -s -m 5 -o /dev/null -w '%{http_connect}' https://example.com/ ; true"))
        .contains("403");
  }

  @Test
  void itFindsNoKeyAnywhere() {
    // In brackets, so that the command that looks for the key does not find itself.
    var pattern = "'practice-key-that-must-not-lea[k]'";
    assertThat(PROVIDER_KEY).matches("practice-key-that-must-not-lea[k]");
    assertThat(bash("env | grep -c " + pattern + " ; true")).isEqualTo("0");
    assertThat(
            bash(
                "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c "
                    + pattern
                    + " ; true"))
        .isEqualTo("0");
    assertThat(
            bash(
                "grep -rs "
                    + pattern
                    + " / --include='*' --exclude-dir=proc --exclude-dir=sys"
                    + " --exclude-dir=projects -l | head -n 3; echo end"))
        .isEqualTo("end");
    assertThat(bash("env | grep ANTHROPIC_API_KEY")).doesNotContain("practice");
    // The one thing that a command is told of the platform is which call it is.
    assertThat(bash("env | grep -iE 'berth_|internal|secret|password' | sed 's/=toolu_.*/=(id)/'"))
        .isEqualTo("BERTH_OPERATION_ID=(id)");
  }

  @Test
  void theDoorAndItsNeighboursAreOutOfReach() {
    assertThat(bash("ls /run/berth 2>&1; ls /run/launcher 2>&1; ls /run/bridge 2>&1"))
        .contains("Permission denied")
        .doesNotContain("sock");
    assertThat(
            bash(
                "for p in /proc/[0-9]*; do [ \"$(stat -c %u $p)\" = 10001 ] && cat $p/environ; done 2>&1 | head -n 1"))
        .contains("Permission denied");
    assertThat(bash("kill -9 1 2>&1; echo")).contains("not permitted");
    assertThat(bash("touch /etc/x 2>&1; true")).contains("Read-only file system");
  }

  @Test
  void theModelPortLetsThroughOnlyWhatTheSessionMay() {
    var base = "curl -s -m 5 -o /dev/null -w '%{http_code}' $ANTHROPIC_BASE_URL";
    assertThat(bash(base + "/v1/organizations")).isEqualTo("404");
    assertThat(bash(base + "/v1/files")).isEqualTo("404");
    assertThat(bash(base + "/../internal/credentials")).isEqualTo("404");
    assertThat(
            bash(
                "curl -s -m 5 -H 'authorization: Bearer x' -H 'content-type: application/json' -d"
                    + " '{\"model\":\"claude-sonnet-4-5-20250929\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"say"
                    + " by hand\"}]}' $ANTHROPIC_BASE_URL/v1/messages"))
        .contains("by hand");
  }

  private static String bash(String command) {
    return socket
        .turn("bash <<END\n" + command + "\nEND\nsay <<END\n{{result}}\nEND")
        .path("result")
        .asString("")
        .strip();
  }
}
