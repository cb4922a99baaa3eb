package dev.berth.activities;

import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import java.net.URI;
import java.nio.file.Path;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/** A real S3 server on a folder, and a bucket in it. */
public final class TestObjects {
  private final S3Proxy server;
  private final ObjectStore store;

  private TestObjects(S3Proxy server, ObjectStore store) {
    this.server = server;
    this.store = store;
  }

  public static TestObjects in(Path folder) throws Exception {
    var server =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(folder.toString()))
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "key", "secret")
            .build();
    server.start();
    var endpoint = URI.create("http://127.0.0.1:" + server.getPort());
    var store = new ObjectStore(new ObjectStorage(endpoint, "us-east-1", "berth", "key", "secret"));
    store.createBucket();
    return new TestObjects(server, store);
  }

  public ObjectStore store() {
    return store;
  }

  public void close() throws Exception {
    store.close();
    server.stop();
  }
}
