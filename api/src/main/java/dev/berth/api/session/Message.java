package dev.berth.api.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A message of an end user, checked.
 *
 * @param named whether the client knows the id, and may send the message again under it
 * @param content text, or an array of blocks
 * @param text the content as it is stored
 */
public record Message(
    MessageId id, boolean named, JsonNode content, String text, SendPolicy policy) {
  public Message {
    requireNonNull(id, "id");
    requireNonNull(content, "content");
    requireNonNull(text, "text");
    requireNonNull(policy, "policy");
  }

  /**
   * Checks a message.
   *
   * @param id the client's own id; null for a new one
   * @param content as it came from the client
   * @throws ProblemException {@code INVALID_REQUEST}
   */
  public static Message of(@Nullable MessageId id, @Nullable JsonNode content, SendPolicy policy) {
    var checked = MessageContent.checked(content);
    return new Message(
        id == null ? new MessageId(UUID.randomUUID().toString()) : id,
        id != null,
        checked,
        checked.toString(),
        policy);
  }

  /** Size of the content as it is stored. */
  int bytes() {
    return text.getBytes(UTF_8).length;
  }

  static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
