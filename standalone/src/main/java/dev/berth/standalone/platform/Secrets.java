package dev.berth.standalone.platform;

import dev.berth.protocol.ProtocolJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HexFormat;
import tools.jackson.databind.node.ObjectNode;

/**
 * The secrets of one installation, made once and kept in a file that only its owner may read.
 *
 * @param internalCredential shows the parts of the platform to each other
 * @param projectId the project that tokens of {@code berth token} come from
 * @param hmacKey the key with which that project signs its tokens
 * @param accountKey the account key of the project's developer
 * @param snapshotKey what the passwords of all snapshots of workspaces are derived from
 */
record Secrets(
    String databasePassword,
    String temporalPassword,
    String s3AccessKey,
    String s3SecretKey,
    String internalCredential,
    String projectId,
    String hmacKey,
    String accountKey,
    String snapshotKey) {

  private static final String SNAPSHOT_KEY = "snapshotKey";
  private static final int BYTES = 24;
  private static final int PROJECT_BYTES = 16;

  static Secrets of(BerthHome home) {
    var file = home.secrets();
    try {
      if (!Files.exists(file)) {
        BerthHome.writePrivate(file, ProtocolJson.mapper().writeValueAsString(fresh()));
      }
      var kept = (ObjectNode) ProtocolJson.mapper().readTree(Files.readString(file));
      if (!kept.has(SNAPSHOT_KEY)) {
        // Made before there were snapshots.
        kept.put(SNAPSHOT_KEY, random(BYTES));
        BerthHome.writePrivate(file, ProtocolJson.mapper().writeValueAsString(kept));
      }
      return ProtocolJson.mapper().treeToValue(kept, Secrets.class);
    } catch (IOException failed) {
      throw new UncheckedIOException("cannot use " + file, failed);
    }
  }

  @Override
  public String toString() {
    return "Secrets[project " + projectId + "]";
  }

  private static Secrets fresh() {
    return new Secrets(
        random(BYTES),
        random(BYTES),
        "berth",
        random(BYTES),
        random(BYTES),
        random(PROJECT_BYTES),
        "hk_live_" + random(BYTES),
        "ak_live_" + random(BYTES),
        random(BYTES));
  }

  private static String random(int bytes) {
    var random = new byte[bytes];
    new SecureRandom().nextBytes(random);
    return HexFormat.of().formatHex(random);
  }
}
