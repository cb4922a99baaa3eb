package dev.berth.api.sending;

import static dev.berth.api.sending.Caller.assertProblem;
import static dev.berth.api.sending.Caller.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.api.ApiNode;
import dev.berth.api.TestProject;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How much requests may bring. What is within the bounds is refused for being no JSON. */
@Timeout(60)
class RequestBodiesTest {
  private static final int MAX_BODY = 16 * 1024;

  private static ApiNode node;
  private static TestProject project;

  @BeforeAll
  static void startNode() {
    node = ApiNode.start(Map.of("sending.max-body", "16KB", "sending.max-buffered", "24KB"));
    project = TestProject.in(node.db());
  }

  @AfterAll
  static void stopNode() {
    node.close();
  }

  @Test
  void aBodyWithinTheBoundIsRead() {
    assertProblem(post(bytes(MAX_BODY)).join(), 400, "invalid_request");
  }

  @Test
  void aBodyThatSaysThatItIsTooLargeIsRefused() {
    assertThat(assertProblem(post(bytes(MAX_BODY + 1)).join(), 413, "request_too_large"))
        .contains("16 KiB");
  }

  @Test
  void aBodyThatTurnsOutToBeTooLargeIsRefused() {
    var answer = post(stream(new ByteArrayInputStream(new byte[4 * MAX_BODY]))).join();

    assertProblem(answer, 413, "request_too_large");
  }

  @Test
  void theBodiesOfAllRequestsHaveABoundTogether() throws Exception {
    var uri = node.http("/v1/sessions");
    try (var slow = new Socket(uri.getHost(), uri.getPort())) {
      var head =
          "POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n"
              .formatted(uri.getPath(), project.token("jane"), 10 * 1024 + 1);
      slow.getOutputStream().write(head.getBytes(UTF_8));
      slow.getOutputStream().write(new byte[10 * 1024]);

      eventually(() -> post(bytes(MAX_BODY)).join().statusCode() == 429);
      slow.getOutputStream().write(0);

      assertThat(new BufferedReader(new InputStreamReader(slow.getInputStream(), UTF_8)).readLine())
          .startsWith("HTTP/1.1 400");
    }
    assertProblem(post(bytes(MAX_BODY)).join(), 400, "invalid_request");
  }

  private static BodyPublisher bytes(int number) {
    return BodyPublishers.ofByteArray(new byte[number]);
  }

  /** A body whose length is not told. */
  private static BodyPublisher stream(ByteArrayInputStream body) {
    return BodyPublishers.ofInputStream(() -> body);
  }

  private static CompletableFuture<HttpResponse<String>> post(BodyPublisher body) {
    return node.client()
        .sendAsync(
            HttpRequest.newBuilder(node.http("/v1/sessions"))
                .header("Authorization", "Bearer " + project.token("jane"))
                .POST(body)
                .build(),
            BodyHandlers.ofString());
  }
}
