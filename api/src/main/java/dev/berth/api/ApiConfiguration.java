package dev.berth.api;

import static dev.berth.db.generated.Tables.HOSTS;

import com.zaxxer.hikari.HikariDataSource;
import dev.berth.api.auth.Projects;
import dev.berth.api.auth.TokenVerifier;
import dev.berth.api.gateway.GatewayProperties;
import dev.berth.api.http.EndUserRequests;
import dev.berth.api.sending.SendingProperties;
import dev.berth.api.session.Approvals;
import dev.berth.api.session.ClientToolAnswers;
import dev.berth.api.session.OpenSockets;
import dev.berth.api.session.SessionProperties;
import dev.berth.api.session.SessionRecords;
import dev.berth.api.session.SessionWorkflows;
import dev.berth.api.session.Sessions;
import dev.berth.api.socket.SocketProperties;
import dev.berth.db.DatabaseAddress;
import dev.berth.workflows.TemporalPayloads;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.DescribeNamespaceRequest;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.lang.management.ManagementFactory;
import java.net.http.HttpClient;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.exception.DataAccessException;
import org.jooq.impl.DSL;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** What an api node stands on, and what it does with sessions. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({
  SessionProperties.class,
  SocketProperties.class,
  SendingProperties.class,
  GatewayProperties.class,
  TemporalProperties.class
})
class ApiConfiguration {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  @Bean
  Clock clock() {
    return Clock.systemUTC();
  }

  @Bean
  DatabaseAddress database(Environment environment) {
    return Binder.get(environment).bind("database", DatabaseAddress.class).get();
  }

  @Bean
  HikariDataSource dataSource(DatabaseAddress database) {
    return database.open("berth-api");
  }

  @Bean
  DSLContext db(HikariDataSource dataSource) {
    return DSL.using(dataSource, SQLDialect.POSTGRES);
  }

  @Bean
  HttpClient httpClient() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT)
        .build();
  }

  @Bean(destroyMethod = "shutdown")
  WorkflowServiceStubs temporalService(TemporalProperties temporal) {
    return WorkflowServiceStubs.newServiceStubs(
        WorkflowServiceStubsOptions.newBuilder().setTarget(temporal.address()).build());
  }

  @Bean
  WorkflowClient temporalClient(WorkflowServiceStubs service, TemporalProperties temporal) {
    return WorkflowClient.newInstance(
        service,
        WorkflowClientOptions.newBuilder()
            .setNamespace(temporal.namespace())
            .setDataConverter(TemporalPayloads.converter())
            .build());
  }

  @Bean
  TokenVerifier tokenVerifier(DSLContext db, Clock clock) {
    return new TokenVerifier(new Projects(db), clock);
  }

  @Bean
  EndUserRequests endUserRequests(TokenVerifier tokens) {
    return new EndUserRequests(tokens);
  }

  @Bean
  SessionRecords sessionRecords(DSLContext db) {
    return new SessionRecords(db);
  }

  @Bean(destroyMethod = "close")
  SessionWorkflows sessionWorkflows(WorkflowClient temporal, SessionProperties sessions) {
    return new SessionWorkflows(temporal, sessions);
  }

  @Bean(destroyMethod = "close")
  OpenSockets openSockets(DSLContext db) {
    return new OpenSockets(db, ManagementFactory.getRuntimeMXBean().getName());
  }

  @Bean
  Sessions sessions(
      DSLContext db,
      SessionRecords records,
      SessionWorkflows workflows,
      SessionProperties properties,
      OpenSockets sockets) {
    return new Sessions(db, records, workflows, properties, sockets);
  }

  @Bean
  Approvals approvals(DSLContext db, SessionRecords records, SessionWorkflows workflows) {
    return new Approvals(db, records, workflows);
  }

  @Bean
  ClientToolAnswers clientToolAnswers(
      SessionRecords records, HttpClient client, GatewayProperties gateway) {
    return new ClientToolAnswers(records, client, gateway.internalCredential());
  }

  @Bean
  RouterFunction<ServerResponse> health(
      DSLContext db,
      WorkflowServiceStubs temporal,
      TemporalProperties settings,
      GatewayProperties gateway) {
    var checks = new LinkedHashMap<String, BooleanSupplier>();
    checks.put("database", () -> isUp(db));
    checks.put("temporal", () -> isUp(temporal, settings.namespace()));
    checks.put("hosts", () -> hasHost(db));
    return new HealthRoutes(checks, gateway.practice()).routes();
  }

  private static boolean hasHost(DSLContext db) {
    try {
      return db.fetchExists(HOSTS);
    } catch (DataAccessException down) {
      return false;
    }
  }

  private static boolean isUp(DSLContext db) {
    try {
      return db.fetchValue("select 1") != null;
    } catch (DataAccessException down) {
      return false;
    }
  }

  /** A worker makes the namespace when it first starts. */
  private static boolean isUp(WorkflowServiceStubs temporal, String namespace) {
    try {
      temporal
          .blockingStub()
          .withDeadlineAfter(CONNECT.toSeconds(), TimeUnit.SECONDS)
          .describeNamespace(DescribeNamespaceRequest.newBuilder().setNamespace(namespace).build());
      return true;
    } catch (StatusRuntimeException down) {
      return false;
    }
  }
}
