package dev.berth.standalone.platform;

import dev.berth.db.DatabaseAddress;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The settings of api and worker by the names that README.md lists. A process gets them as its
 * environment, a part inside this process as properties.
 */
record PlatformSettings(
    BerthHome home,
    PlatformOptions options,
    Secrets secrets,
    DatabaseAddress database,
    URI s3,
    String temporal,
    Provider provider) {

  static final String BUCKET = "berth";

  Map<String, String> api(int port) {
    var settings = common();
    settings.put("API_PORT", String.valueOf(port));
    settings.put("ANTHROPIC_BASE_URL", provider.url());
    settings.put("ANTHROPIC_API_KEY", provider.key());
    settings.put("PRACTICE_MODEL", String.valueOf(provider.practice()));
    settings.putAll(options.settings());
    return settings;
  }

  Map<String, String> worker(String host, int port, List<Integer> apiPorts) {
    var settings = common();
    settings.put("WORKER_PORT", String.valueOf(port));
    settings.put("BERTH_HOST_ID", host);
    settings.put(
        "API_URLS",
        String.join(",", apiPorts.stream().map(api -> "http://127.0.0.1:" + api).toList()));
    settings.put("S3_ENDPOINT", s3.toString());
    settings.put("S3_BUCKET", BUCKET);
    settings.put("S3_ACCESS_KEY", secrets.s3AccessKey());
    settings.put("S3_SECRET_KEY", secrets.s3SecretKey());
    settings.put("BERTH_INSTALLATION", home.installation());
    settings.put("SANDBOX_IMAGE", options.sandboxImage());
    settings.put("SANDBOX_DIRECTORY", home.data("sandboxes").resolve(host).toString());
    settings.putAll(ResticSource.of(home).settings(home));
    settings.put("SNAPSHOT_KEY", secrets.snapshotKey());
    settings.put("SANDBOX_SOCKET_DIRECTORY", home.sockets().resolve(host).toString());
    settings.putAll(options.settings());
    return settings;
  }

  private Map<String, String> common() {
    var settings = new LinkedHashMap<String, String>();
    settings.put("DATABASE_URL", database.url());
    settings.put("DATABASE_USER", database.user());
    settings.put("DATABASE_PASSWORD", database.password().value());
    settings.put("TEMPORAL_ADDRESS", temporal);
    settings.put("INTERNAL_CREDENTIAL", secrets.internalCredential());
    return settings;
  }
}
