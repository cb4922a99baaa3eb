package dev.berth.practicemodel.conversation;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Derives ids and keys from content, the same at every start on every machine. */
public final class Digest {
  private final MessageDigest sha;

  public Digest() {
    try {
      sha = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Adds a part; parts are kept apart, so that {@code ab, c} is not {@code a, bc}. */
  public Digest add(String part) {
    sha.update(part.getBytes(UTF_8));
    sha.update((byte) 0);
    return this;
  }

  /** The first bytes of the digest, in lower-case hexadecimal; what was added is forgotten. */
  public String hex(int bytes) {
    return HexFormat.of().formatHex(sha.digest(), 0, bytes);
  }
}
