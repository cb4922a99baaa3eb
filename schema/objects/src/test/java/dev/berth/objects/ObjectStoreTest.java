package dev.berth.objects;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ObjectStoreTest {
  @TempDir private Path folder;
  private S3Proxy server;
  private ObjectStore store;

  @BeforeEach
  void startServer() throws Exception {
    server =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(folder.toString()))
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "key", "secret")
            .build();
    server.start();
    var endpoint = URI.create("http://127.0.0.1:" + server.getPort());
    store = new ObjectStore(new ObjectStorage(endpoint, "us-east-1", "berth", "key", "secret"));
    store.createBucket();
  }

  @AfterEach
  void stopServer() throws Exception {
    store.close();
    server.stop();
  }

  @Test
  void givesBackWhatWasPutLast() {
    store.put("a/b", "one".getBytes(UTF_8), "text/plain");
    store.put("a/b", "two".getBytes(UTF_8), "text/plain");

    assertThat(store.get("a/b")).isEqualTo("two".getBytes(UTF_8));
    assertThat(store.get("a/c")).isNull();
  }

  @Test
  void listsPartsInTheOrderOfTheirNumbers() {
    var keys =
        List.of(
            ObjectKeys.transcriptPart("p", "s", 10, 1),
            ObjectKeys.transcriptPart("p", "s", 9, 100),
            ObjectKeys.transcriptPart("p", "s", 9, 20));
    keys.forEach(key -> store.put(key, new byte[] {1}, "application/jsonl"));

    assertThat(store.keys(ObjectKeys.transcript("p", "s")))
        .containsExactly(keys.get(2), keys.get(1), keys.get(0));
    assertThat(store.keys(ObjectKeys.transcriptEpoch("p", "s", 10))).containsExactly(keys.get(0));
  }

  @Test
  void deletesManyAndDoesNotMindMissingOnes() {
    var keys = IntStream.range(0, 1050).mapToObj(index -> "k/%04d".formatted(index)).toList();
    keys.subList(0, 20).forEach(key -> store.put(key, new byte[] {1}, "text/plain"));

    store.delete(keys);

    assertThat(store.keys("k/")).isEmpty();
  }

  @Test
  void makingTheBucketAgainChangesNothing() {
    store.put("a", new byte[] {1}, "text/plain");

    store.createBucket();

    assertThat(store.keys("")).containsExactly("a");
  }
}
