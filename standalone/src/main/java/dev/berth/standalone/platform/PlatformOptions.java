package dev.berth.standalone.platform;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a platform is started with.
 *
 * @param ports by part; what is not given is the usual one, or a free one when that is taken
 * @param apis how many api processes; 0 for one in this process
 * @param workers how many worker processes; 0 for one in this process
 * @param sandboxImage the image of sandboxes
 * @param settings further settings for api and worker, by their Spring names
 */
public record PlatformOptions(
    Map<Part, Integer> ports,
    int apis,
    int workers,
    String sandboxImage,
    Map<String, String> settings) {
  public PlatformOptions {
    ports = Map.copyOf(ports);
    settings = Map.copyOf(settings);
  }

  /** A part that listens, with the port that it usually has. */
  public enum Part {
    API(7400),
    WORKER(7500),
    S3(7402),
    POSTGRES(7403),
    PRACTICE_MODEL(7404),
    TEMPORAL(7233),
    TEMPORAL_UI(8233);

    private final int usual;

    Part(int usual) {
      this.usual = usual;
    }

    int usual() {
      return usual;
    }
  }

  boolean isSplit() {
    return apis > 0 || workers > 0;
  }

  @Nullable Integer port(Part part) {
    return ports.get(part);
  }
}
