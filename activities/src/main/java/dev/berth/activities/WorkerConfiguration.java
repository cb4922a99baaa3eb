package dev.berth.activities;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import com.zaxxer.hikari.HikariDataSource;
import dev.berth.activities.model.GatewayProperties;
import dev.berth.activities.retention.RetentionProperties;
import dev.berth.activities.sandbox.SandboxProperties;
import dev.berth.activities.sandbox.ToolJournalProperties;
import dev.berth.activities.sandbox.WatchdogProperties;
import dev.berth.activities.session.PermitProperties;
import dev.berth.activities.workspace.WorkspaceProperties;
import dev.berth.db.DatabaseAddress;
import dev.berth.db.GroupCommit;
import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import dev.berth.workflows.TemporalPayloads;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.temporal.common.converter.DataConverter;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.spring.boot.WorkerOptionsCustomizer;
import io.temporal.worker.WorkerFactory;
import java.time.Duration;
import org.jooq.DSLContext;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** What the worker stands on: database, object storage, Docker, Temporal. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({
  HostProperties.class,
  SandboxProperties.class,
  GatewayProperties.class,
  PermitProperties.class,
  SessionTimes.class,
  ToolJournalProperties.class,
  WatchdogProperties.class,
  WorkspaceProperties.class,
  RetentionProperties.class
})
class WorkerConfiguration {
  /** Docker's slowest answer that is not a failure: the removal of a large container. */
  private static final Duration DOCKER_ANSWER = Duration.ofSeconds(60);

  /** Two loaded cores delay a healthy workflow task by more than the default second. */
  private static final Duration DEADLOCK = Duration.ofSeconds(5);

  /** How soon after an interrupt at the earliest an activity hears that it was cancelled. */
  private static final Duration HEARTBEAT_THROTTLE = Duration.ofSeconds(1);

  /** How long a worker that died keeps the workflow tasks of the sessions that it had cached. */
  private static final Duration STICKY = Duration.ofSeconds(3);

  @Bean
  DatabaseAddress database(Environment environment) {
    return Binder.get(environment).bind("database", DatabaseAddress.class).get();
  }

  @Bean
  HikariDataSource dataSource(DatabaseAddress database) {
    return database.open("berth-worker");
  }

  @Bean
  DSLContext db(HikariDataSource dataSource) {
    return DSL.using(dataSource, SQLDialect.POSTGRES);
  }

  @Bean(destroyMethod = "close")
  GroupCommit groupCommit(DSLContext db) {
    return new GroupCommit(db);
  }

  @Bean
  ObjectStorage objectStorage(Environment environment) {
    return Binder.get(environment).bind("objects", ObjectStorage.class).get();
  }

  @Bean(destroyMethod = "close")
  ObjectStore objects(ObjectStorage storage) {
    return new ObjectStore(storage);
  }

  @Bean(destroyMethod = "close")
  DockerClient docker(SandboxProperties sandboxes) {
    var config =
        DefaultDockerClientConfig.createDefaultConfigBuilder()
            .withDockerHost(sandboxes.engine().toString())
            .build();
    return DockerClientImpl.getInstance(
        config,
        new ZerodepDockerHttpClient.Builder()
            .dockerHost(config.getDockerHost())
            .connectionTimeout(Duration.ofSeconds(5))
            .responseTimeout(DOCKER_ANSWER)
            .build());
  }

  @Bean
  DataConverter temporalPayloads() {
    return TemporalPayloads.converter();
  }

  @Bean
  WorkerOptionsCustomizer workerOptions() {
    return (options, worker, queue) ->
        options
            .setDefaultDeadlockDetectionTimeout(DEADLOCK.toMillis())
            .setMaxHeartbeatThrottleInterval(HEARTBEAT_THROTTLE)
            .setStickyQueueScheduleToStartTimeout(STICKY);
  }

  /** Workers begin to poll after every runner, so what they need is there by then. */
  @Bean
  @Order(0)
  ApplicationRunner namespace(
      WorkflowServiceStubs temporal, ObjectStore objects, Environment environment) {
    return arguments -> {
      objects.createBucket();
      new TemporalNamespace(temporal, environment.getRequiredProperty("spring.temporal.namespace"))
          .prepare();
    };
  }

  @Bean
  RouterFunction<ServerResponse> health(WorkerFactory workers) {
    return new WorkerHealth(workers).routes();
  }

  @Bean(destroyMethod = "close")
  PrometheusMeterRegistry meterRegistry() {
    return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  }

  @Bean
  RouterFunction<ServerResponse> metrics(PrometheusMeterRegistry registry) {
    return new WorkerMetrics(registry).routes();
  }

  @Bean
  WorkerShutdown workerShutdown(WorkerFactory workers) {
    return new WorkerShutdown(workers);
  }
}
