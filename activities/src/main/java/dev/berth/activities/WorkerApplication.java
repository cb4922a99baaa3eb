package dev.berth.activities;

import java.util.Map;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.MapPropertySource;

/** The worker of one sandbox host, as a process. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({WorkerConfiguration.class, SandboxConfiguration.class})
public class WorkerApplication {
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
        .initializers(context ->
            context
                .getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource("berth", properties)))
        .run(args);
  }
}
