package dev.berth.objects;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * Where the objects are.
 *
 * @param endpoint address of an S3-compatible server, null for Amazon's own
 * @param region a region's name; any name where the server has none
 */
public record ObjectStorage(
    @Nullable URI endpoint, String region, String bucket, String accessKey, String secretKey) {
  public ObjectStorage {
    // Set to nothing is how an environment variable says "none".
    endpoint = endpoint == null || endpoint.toString().isBlank() ? null : endpoint;
    requireNonNull(region, "region");
    requireNonNull(bucket, "bucket");
    requireNonNull(accessKey, "accessKey");
    requireNonNull(secretKey, "secretKey");
  }

  @Override
  public String toString() {
    return "ObjectStorage[endpoint=%s, region=%s, bucket=%s]".formatted(endpoint, region, bucket);
  }
}
