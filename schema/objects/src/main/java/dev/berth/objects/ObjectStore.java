package dev.berth.objects;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.exception.SdkServiceException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;
import software.amazon.awssdk.services.s3.model.Delete;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * One bucket. Every call blocks, is retried by the client where that is safe, and fails with the
 * client's {@code SdkException} when the server does not answer in time.
 */
public final class ObjectStore implements AutoCloseable {
  /** A call, with its retries, is given up after this. */
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(30);

  /** The most that one delete request may name. */
  private static final int DELETE_BATCH = 1000;

  private static final int SERVER_ERROR = 500;

  private final S3Client client;
  private final String bucket;

  public ObjectStore(ObjectStorage storage) {
    var builder =
        S3Client.builder()
            .region(Region.of(storage.region()))
            .credentialsProvider(
                StaticCredentialsProvider.create(
                    AwsBasicCredentials.create(storage.accessKey(), storage.secretKey())))
            .overrideConfiguration(override -> override.apiCallTimeout(CALL_TIMEOUT))
            .forcePathStyle(storage.endpoint() != null);
    if (storage.endpoint() != null) {
      builder.endpointOverride(storage.endpoint());
    }
    this.client = builder.build();
    this.bucket = storage.bucket();
  }

  /** Makes the bucket unless it is there. */
  public void createBucket() {
    try {
      client.headBucket(request -> request.bucket(bucket));
    } catch (NoSuchBucketException missing) {
      try {
        client.createBucket(request -> request.bucket(bucket));
      } catch (BucketAlreadyOwnedByYouException made) {
        // Another process made it between the two calls.
        client.headBucket(request -> request.bucket(bucket));
      }
    }
  }

  /** Writes an object; what was under the key before is replaced. */
  public void put(String key, byte[] content, String contentType) {
    client.putObject(
        request -> request.bucket(bucket).key(key).contentType(contentType),
        RequestBody.fromBytes(content));
  }

  /** The object, or null when there is none under the key. */
  public byte @Nullable [] get(String key) {
    try {
      return client.getObjectAsBytes(request -> request.bucket(bucket).key(key)).asByteArray();
    } catch (NoSuchKeyException missing) {
      return null;
    }
  }

  /** The keys that begin with the prefix, in their order. */
  public List<String> keys(String prefix) {
    return client
        .listObjectsV2Paginator(request -> request.bucket(bucket).prefix(prefix))
        .contents()
        .stream()
        .map(S3Object::key)
        .sorted()
        .toList();
  }

  /** Deletes the objects; keys without one are passed over. */
  public void delete(List<String> keys) {
    for (var from = 0; from < keys.size(); from += DELETE_BATCH) {
      var batch =
          keys.subList(from, Math.min(keys.size(), from + DELETE_BATCH)).stream()
              .map(key -> ObjectIdentifier.builder().key(key).build())
              .toList();
      client.deleteObjects(request ->
          request.bucket(bucket).delete(Delete.builder().objects(batch).quiet(true).build()));
    }
  }

  /**
   * Whether a call failed because the store does not answer, or cannot serve now; then the same
   * call works when it is back.
   */
  public static boolean isAway(SdkException failed) {
    return failed instanceof SdkServiceException refused
        ? refused.isThrottlingException() || refused.statusCode() >= SERVER_ERROR
        : failed instanceof SdkClientException;
  }

  @Override
  public void close() {
    client.close();
  }
}
