package dev.berth.activities;

import java.util.List;
import java.util.Map;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;

/** The worker of one sandbox host, as a process. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({WorkerConfiguration.class, SandboxConfiguration.class})
public class WorkerApplication {
  /** What has no default. An unset variable would be taken for its own name in braces. */
  private static final List<String> REQUIRED =
      List.of(
          "database.url",
          "database.password",
          "gateway.credential",
          "objects.access-key",
          "objects.secret-key",
          "sandbox.installation",
          "sandbox.image",
          "sandbox.directory",
          "sandbox.socket-directory");

  public static void main(String[] args) {
    start(Map.of(), args).registerShutdownHook();
  }

  /**
   * Starts a worker.
   *
   * @param properties settings that stand above files and environment
   * @return to be closed by the caller; what it works with may only go after it
   */
  public static ConfigurableApplicationContext start(
      Map<String, Object> properties, String... args) {
    return new SpringApplicationBuilder(WorkerApplication.class)
        .registerShutdownHook(false)
        .properties("spring.config.name=berth-worker")
        .initializers(context -> {
          var environment = context.getEnvironment();
          environment.getPropertySources().addFirst(new MapPropertySource("berth", properties));
          requireSet(environment);
        })
        .run(args);
  }

  /** Refuses to start without what has no default, and names it. */
  static void requireSet(Environment environment) {
    REQUIRED.forEach(name -> requireSet(environment, name));
    if (environment.getRequiredProperty("workspace.snapshots", Boolean.class)) {
      requireSet(environment, "workspace.key");
    }
  }

  private static void requireSet(Environment environment, String name) {
    if (environment.getRequiredProperty(name).isBlank()) {
      throw new IllegalStateException(name + ": \"\" (expected: a value)");
    }
  }
}
