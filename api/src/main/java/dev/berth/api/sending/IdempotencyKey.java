package dev.berth.api.sending;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.SessionId;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.web.servlet.function.ServerRequest;

/**
 * The header under which a client repeats a request.
 *
 * @param value 1 to 255 characters, none of them a control character
 */
record IdempotencyKey(String value) {
  private static final String HEADER = "Idempotency-Key";
  private static final Pattern FORMAT = Pattern.compile("[^\\p{Cntrl}]{1,255}");

  /** The key of a request; null when it has none. */
  static @Nullable IdempotencyKey of(ServerRequest request) {
    var value = request.headers().firstHeader(HEADER);
    if (value == null) {
      return null;
    }
    if (!FORMAT.matcher(value).matches()) {
      throw new ProblemException(
          ProblemType.INVALID_REQUEST,
          "%s: %d characters (expected: 1 to 255, none of them a control character)"
              .formatted(HEADER, value.length()));
    }
    return new IdempotencyKey(value);
  }

  /**
   * The id of the message that a client sends under this key. A key that is a UUID is the id
   * itself, so that a client may give the id in either place; of any other the id follows by name.
   */
  MessageId message(SessionId session) {
    try {
      return new MessageId(UUID.fromString(value).toString());
    } catch (IllegalArgumentException anyText) {
      var name = "message\n%s\n%s".formatted(session, value);
      return new MessageId(UUID.nameUUIDFromBytes(name.getBytes(UTF_8)).toString());
    }
  }
}
