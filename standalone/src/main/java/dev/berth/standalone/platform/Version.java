package dev.berth.standalone.platform;

import java.util.Comparator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The first two numbers of a program's version; the rest makes no difference to Berth. */
public record Version(int major, int minor) implements Comparable<Version> {
  private static final Pattern NUMBERS = Pattern.compile("(\\d{1,6})\\.(\\d{1,6})");
  private static final Comparator<Version> ORDER =
      Comparator.comparingInt(Version::major).thenComparingInt(Version::minor);

  /** The first version that the text names, or null. */
  public static @Nullable Version in(@Nullable String text) {
    var numbers = NUMBERS.matcher(text == null ? "" : text);
    return numbers.find()
        ? new Version(Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))
        : null;
  }

  public boolean isAtLeast(Version other) {
    return compareTo(other) >= 0;
  }

  @Override
  public int compareTo(Version other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
