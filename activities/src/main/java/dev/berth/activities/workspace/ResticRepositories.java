package dev.berth.activities.workspace;

import dev.berth.activities.workspace.WorkspaceSnapshots.Owner;
import dev.berth.objects.ObjectKeys;
import dev.berth.objects.ObjectStorage;
import dev.berth.protocol.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Where the repositories are and what opens them. */
final class ResticRepositories {
  private static final String HMAC = "HmacSHA256";

  private final ObjectStorage storage;
  private final Secret key;

  ResticRepositories(ObjectStorage storage, Secret key) {
    this.storage = storage;
    this.key = key;
  }

  /** The prefix of everything in the owner's repository. */
  String prefix(Owner owner) {
    return ObjectKeys.workspace(owner.project().value(), owner.session().value());
  }

  /** What restic has to know of the owner's repository. */
  Map<String, String> environment(Owner owner) {
    return Map.of(
        "RESTIC_REPOSITORY",
        "s3:%s/%s/%s".formatted(endpoint(), storage.bucket(), prefix(owner)),
        "RESTIC_PASSWORD",
        password(owner),
        "AWS_ACCESS_KEY_ID",
        storage.accessKey(),
        "AWS_SECRET_ACCESS_KEY",
        storage.secretKey(),
        "AWS_DEFAULT_REGION",
        storage.region());
  }

  /** Servers other than Amazon's have no name for each bucket. */
  List<String> options() {
    return storage.endpoint() == null ? List.of() : List.of("-o", "s3.bucket-lookup=path");
  }

  private String endpoint() {
    var endpoint = storage.endpoint();
    return endpoint == null
        ? "https://s3.%s.amazonaws.com".formatted(storage.region())
        : endpoint.toString().replaceFirst("/+$", "");
  }

  /** Every session has its own, so that what opens one repository opens no other. */
  private String password(Owner owner) {
    try {
      var mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key.value().getBytes(StandardCharsets.UTF_8), HMAC));
      return HexFormat.of().formatHex(mac.doFinal(prefix(owner).getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
