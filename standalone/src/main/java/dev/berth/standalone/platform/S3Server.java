package dev.berth.standalone.platform;

import java.net.URI;
import java.nio.file.Path;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;

/** The embedded S3: a folder behind the S3 API. */
public final class S3Server implements AutoCloseable {
  private final S3Proxy server;

  private S3Server(S3Proxy server) {
    this.server = server;
  }

  static S3Server start(Path folder, int port, String accessKey, String secretKey) {
    var server =
        S3Proxy.builder()
            .blobStore(new FilesystemNio2BlobStore(folder.toString()))
            .endpoint(endpoint(port))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, accessKey, secretKey)
            .build();
    try {
      server.start();
    } catch (Exception failed) {
      throw new StartFailure(
          "The S3 server does not start on port %d.".formatted(port),
          "Look at the log; a taken port and a full disk are the usual reasons.",
          failed);
    }
    return new S3Server(server);
  }

  static URI endpoint(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** Serves a folder as a process: folder, port; the keys are in the environment. */
  public static void main(String[] args) throws InterruptedException {
    start(
        Path.of(args[0]),
        Integer.parseInt(args[1]),
        System.getenv("S3_ACCESS_KEY"),
        System.getenv("S3_SECRET_KEY"));
    Thread.currentThread().join();
  }

  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
  }
}
