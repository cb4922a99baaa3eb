package dev.berth.protocol;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a session needs and what can be away for a while. The list is closed. */
public enum PlatformPart {
  /** Transcripts and the files of sessions. */
  OBJECT_STORAGE,
  /** What runs sandboxes on a host. */
  CONTAINER_ENGINE,
  DATABASE,
  /** Machines that run sandboxes: none has a worker that says that it is there. */
  HOST;

  @JsonCreator
  public static PlatformPart of(String wireName) {
    return valueOf(wireName.toUpperCase(Locale.ROOT));
  }

  @JsonValue
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
