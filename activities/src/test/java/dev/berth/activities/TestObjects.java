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
  private final ObjectStorage storage;
  private final ObjectStore store;

  private TestObjects(S3Proxy server, ObjectStorage storage) {
    this.server = server;
    this.storage = storage;
    this.store = new ObjectStore(storage);
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
    var objects =
        new TestObjects(server, new ObjectStorage(endpoint, "us-east-1", "berth", "key", "secret"));
    objects.store.createBucket();
    return objects;
  }

  /** Where it is, for programs that bring their own client. */
  public ObjectStorage storage() {
    return storage;
  }

  public ObjectStore store() {
    return store;
  }

  public void close() throws Exception {
    store.close();
    server.stop();
  }
}
