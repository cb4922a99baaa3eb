package dev.berth.api.gateway;

import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.util.Map;
import org.jooq.DSLContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;
import org.springframework.web.servlet.handler.SimpleUrlHandlerMapping;

/** Wires the model gateway. */
@Configuration(proxyBeanMethods = false)
public class GatewayConfiguration {
  @Bean
  SandboxCredentials sandboxCredentials(GatewayProperties gateway, Clock clock) {
    return new SandboxCredentials(gateway.internalCredential(), gateway.credentialLife(), clock);
  }

  @Bean
  GatewayRecords gatewayRecords(DSLContext db) {
    var node = ManagementFactory.getRuntimeMXBean().getName();
    return new GatewayRecords(db, PriceTable.bundled(), node);
  }

  @Bean
  RouterFunction<ServerResponse> credentialRoutes(
      SandboxCredentials credentials, GatewayRecords records, GatewayProperties gateway) {
    return new CredentialRoutes(credentials, records, gateway.internalCredential()).routes();
  }

  @Bean(destroyMethod = "close")
  ProviderClient providerClient(GatewayProperties gateway) {
    return new ProviderClient(gateway);
  }

  @Bean
  SimpleUrlHandlerMapping modelGateway(
      GatewayProperties gateway,
      SandboxCredentials credentials,
      GatewayRecords records,
      ProviderClient provider) {
    var mapping =
        new SimpleUrlHandlerMapping(
            Map.of(
                ModelGateway.PREFIX + "/**",
                new ModelGateway(gateway, credentials, records, provider)));
    mapping.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return mapping;
  }
}
