package dev.berth.protocol;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The formats that ids may have; each is checked once, when the id is made. */
enum IdFormat {
  UUID("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "a lower-case UUID"),
  OPAQUE("[A-Za-z0-9._-]{1,64}", "1 to 64 of A-Z a-z 0-9 . _ -"),
  FREE_TEXT("[^\\p{Cntrl}]{1,255}", "1 to 255 characters, none of them a control character"),
  SANDBOX("sb-[0-9a-f]{16}", "sb- and 16 hexadecimal digits"),
  HOST("[a-z0-9-]{1,63}", "1 to 63 of a-z 0-9 -");

  private static final int SHOWN = 80;

  private final Pattern pattern;
  private final String expectation;

  IdFormat(String pattern, String expectation) {
    this.pattern = Pattern.compile(pattern);
    this.expectation = expectation;
  }

  boolean matches(@Nullable String value) {
    return value != null && pattern.matcher(value).matches();
  }

  void check(String name, @Nullable String value) {
    if (!matches(value)) {
      throw new IllegalArgumentException(
          "%s: %s (expected: %s)".formatted(name, shown(value), expectation));
    }
  }

  private static @Nullable String shown(@Nullable String value) {
    return value == null || value.length() <= SHOWN ? value : value.substring(0, SHOWN) + "…";
  }
}
