package dev.berth.activities.model;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** The way out of a sandbox. It is closed: whatever is asked for, the answer is 403. */
final class ClosedEgress extends Handler.Abstract {
  static final String NAME = "egress";

  private static final String ANSWER = "egress is closed\n";

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    if (!Objects.equals(request.getConnectionMetaData().getConnector().getName(), NAME)) {
      return false;
    }
    response.setStatus(HttpStatus.FORBIDDEN_403);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/plain");
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    response.write(true, ByteBuffer.wrap(ANSWER.getBytes(UTF_8)), callback);
    return true;
  }
}
