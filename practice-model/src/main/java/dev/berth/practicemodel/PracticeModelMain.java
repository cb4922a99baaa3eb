package dev.berth.practicemodel;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Starts the practice model alone: {@code --host HOST --port PORT}, else {@code
 * PRACTICE_MODEL_HOST} and {@code PRACTICE_MODEL_PORT}, else 127.0.0.1 and 8089.
 */
public final class PracticeModelMain {
  private static final String HOST = "--host";
  private static final String PORT = "--port";

  private PracticeModelMain() {}

  public static void main(String[] args) throws InterruptedException {
    var options = options(args, System.getenv());
    var model =
        PracticeModel.start(
            options.getOrDefault(HOST, "127.0.0.1"),
            Integer.parseInt(options.getOrDefault(PORT, "8089")));
    Runtime.getRuntime().addShutdownHook(new Thread(model::close));
    System.out.println("practice model: ANTHROPIC_BASE_URL=" + model.baseUrl());
    Thread.currentThread().join();
  }

  static Map<String, String> options(String[] args, Map<String, String> environment) {
    var options = new HashMap<String, String>();
    putIfGiven(options, HOST, environment.get("PRACTICE_MODEL_HOST"));
    putIfGiven(options, PORT, environment.get("PRACTICE_MODEL_PORT"));
    for (var i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length || !(args[i].equals(HOST) || args[i].equals(PORT))) {
        throw new IllegalArgumentException(args[i] + " (expected: --host HOST or --port PORT)");
      }
      options.put(args[i], args[i + 1]);
    }
    return options;
  }

  private static void putIfGiven(Map<String, String> options, String name, @Nullable String value) {
    if (value != null && !value.isBlank()) {
      options.put(name, value);
    }
  }
}
