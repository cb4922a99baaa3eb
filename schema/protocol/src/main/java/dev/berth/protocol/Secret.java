package dev.berth.protocol;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A value that appears in no log, no error and no JSON. */
public record Secret(@JsonIgnore String value) {
  public Secret {
    requireNonNull(value, "value");
  }

  /** Compares in a time that does not depend on how much of a guess is right. */
  public boolean matches(String guess) {
    return MessageDigest.isEqual(
        value.getBytes(StandardCharsets.UTF_8), guess.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return "[secret]";
  }
}
