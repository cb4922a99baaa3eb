package dev.berth.api;

import dev.berth.api.events.EventsConfiguration;
import dev.berth.api.gateway.GatewayConfiguration;
import dev.berth.api.sending.SendingConfiguration;
import dev.berth.api.socket.SocketConfiguration;
import java.util.List;
import java.util.Map;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.core.env.Environment;
import org.springframework.core.env.MapPropertySource;

/** An api node, as a process. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@Import({
  ApiConfiguration.class,
  EventsConfiguration.class,
  SocketConfiguration.class,
  SendingConfiguration.class,
  GatewayConfiguration.class
})
public class ApiApplication {
  /** What has no default. An unset variable would be taken for its own name in braces. */
  private static final List<String> REQUIRED =
      List.of("database.url", "database.password", "gateway.internal-credential");

  public static void main(String[] args) {
    start(Map.of(), args).registerShutdownHook();
  }

  /**
   * Starts an api node.
   *
   * @param properties settings that stand above files and environment
   * @return to be closed by the caller; what it works with may only go after it
   */
  public static ConfigurableApplicationContext start(
      Map<String, Object> properties, String... args) {
    return new SpringApplicationBuilder(ApiApplication.class)
        .registerShutdownHook(false)
        .properties("spring.config.name=berth-api")
        .initializers(context -> {
          var environment = context.getEnvironment();
          environment.getPropertySources().addFirst(new MapPropertySource("berth", properties));
          requireSet(environment);
        })
        .run(args);
  }

  /** Refuses to start without what has no default, and names it. */
  static void requireSet(Environment environment) {
    for (var name : REQUIRED) {
      if (environment.getRequiredProperty(name).isBlank()) {
        throw new IllegalStateException(name + ": \"\" (expected: a value)");
      }
    }
  }
}
