package dev.berth.standalone.platform;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A part of the platform as a Java process of its own, from the same classes as this one. */
final class JavaProcess {
  private JavaProcess() {}

  static List<String> command(String main, String... arguments) {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                main));
    command.addAll(List.of(arguments));
    return command;
  }
}
