package dev.berth.activities;

import com.github.dockerjava.api.DockerClient;
import dev.berth.activities.live.LiveStreams;
import dev.berth.activities.model.GatewayAddresses;
import dev.berth.activities.model.GatewayCredentials;
import dev.berth.activities.model.GatewayProperties;
import dev.berth.activities.model.HttpDoors;
import dev.berth.activities.model.LostModelRequests;
import dev.berth.activities.retention.ClosedWorkspaces;
import dev.berth.activities.retention.DatabaseRetentionActivities;
import dev.berth.activities.retention.LogRetention;
import dev.berth.activities.retention.RetentionProperties;
import dev.berth.activities.sandbox.BridgeOpenings;
import dev.berth.activities.sandbox.DockerSandboxRuntime;
import dev.berth.activities.sandbox.FolderSweep;
import dev.berth.activities.sandbox.HostLosses;
import dev.berth.activities.sandbox.HostMetrics;
import dev.berth.activities.sandbox.HostSandboxActivities;
import dev.berth.activities.sandbox.HostSandboxes;
import dev.berth.activities.sandbox.HostSweep;
import dev.berth.activities.sandbox.HostWorkspaceActivities;
import dev.berth.activities.sandbox.LeftByOthers;
import dev.berth.activities.sandbox.SandboxFolders;
import dev.berth.activities.sandbox.SandboxProperties;
import dev.berth.activities.sandbox.SandboxRecords;
import dev.berth.activities.sandbox.SandboxRuntime;
import dev.berth.activities.sandbox.SessionSignals;
import dev.berth.activities.sandbox.ToolJournalProperties;
import dev.berth.activities.sandbox.WatchdogProperties;
import dev.berth.activities.session.BoundedCalls;
import dev.berth.activities.session.DatabaseSessionActivities;
import dev.berth.activities.session.HostRegistry;
import dev.berth.activities.session.LostBackground;
import dev.berth.activities.session.LostResults;
import dev.berth.activities.session.LostSockets;
import dev.berth.activities.session.PermitProperties;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ResumePoints;
import dev.berth.activities.session.TemporalPermits;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.session.UnannouncedMessages;
import dev.berth.activities.turn.HostTurnActivities;
import dev.berth.activities.workspace.HostOnlyWorkspaces;
import dev.berth.activities.workspace.ResticSnapshots;
import dev.berth.activities.workspace.WorkspaceProperties;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.activities.workspace.WorkspaceSnapshots;
import dev.berth.db.GroupCommit;
import dev.berth.objects.ObjectStorage;
import dev.berth.objects.ObjectStore;
import dev.berth.protocol.HostId;
import dev.berth.workflows.ports.WorkspaceActivities;
import dev.berth.workflows.session.SessionPolicy;
import io.micrometer.core.instrument.MeterRegistry;
import io.temporal.client.WorkflowClient;
import io.temporal.client.schedules.ScheduleClient;
import java.net.http.HttpClient;
import java.time.Duration;
import org.jooq.DSLContext;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.web.servlet.function.RouterFunction;
import org.springframework.web.servlet.function.ServerResponse;

/** The sandboxes of this host, and the activities that use them. */
@Configuration(proxyBeanMethods = false)
class SandboxConfiguration {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  @Bean
  HostId hostId(HostProperties host) {
    return new HostId(host.id());
  }

  @Bean
  SandboxRuntime sandboxRuntime(DockerClient docker, SandboxProperties sandboxes, HostId host) {
    return new DockerSandboxRuntime(docker, sandboxes, host);
  }

  @Bean
  SandboxRecords sandboxRecords(DSLContext db, HostProperties host) {
    return new SandboxRecords(db, new HostId(host.id()), host.url());
  }

  @Bean
  GatewayAddresses gatewayAddresses(GatewayProperties gateway) {
    return new GatewayAddresses(gateway.urls());
  }

  @Bean
  GatewayCredentials gatewayCredentials(GatewayProperties gateway, GatewayAddresses addresses) {
    return new GatewayCredentials(
        gateway, addresses, HttpClient.newBuilder().connectTimeout(CONNECT).build());
  }

  @Bean(destroyMethod = "close")
  HttpDoors httpDoors(GatewayAddresses addresses, GatewayCredentials credentials) {
    return new HttpDoors(addresses, credentials);
  }

  @Bean
  TurnEnds turnEnds(DSLContext db) {
    return new TurnEnds(db);
  }

  @Bean
  LostResults lostResults(DSLContext db) {
    return new LostResults(db);
  }

  @Bean
  LostBackground lostBackground(DSLContext db) {
    return new LostBackground(db);
  }

  @Bean
  Restarts restarts(DSLContext db) {
    return new Restarts(db);
  }

  @Bean
  ToolJournal toolJournal(DSLContext db) {
    return new ToolJournal(db);
  }

  @Bean
  ResumePoints resumePoints(DSLContext db) {
    return new ResumePoints(db);
  }

  @Bean
  BridgeOpenings bridgeOpenings(
      WatchdogProperties watchdogs,
      ToolJournalProperties journalling,
      SandboxRecords records,
      WorkspaceRecords workspaces,
      ToolJournal toolJournal,
      ResumePoints resumePoints,
      LostResults lostResults,
      LostBackground lostBackground) {
    return new BridgeOpenings(
        watchdogs,
        journalling,
        records,
        workspaces,
        toolJournal,
        resumePoints,
        lostResults,
        lostBackground);
  }

  @Bean
  HostSandboxes hostSandboxes(
      HostId host,
      SandboxProperties properties,
      SandboxRuntime runtime,
      SandboxRecords records,
      HttpDoors httpDoors,
      GroupCommit log,
      TurnEnds turnEnds,
      ToolJournal toolJournal,
      BridgeOpenings openings,
      Restarts restarts,
      ObjectStore objects,
      WorkspaceRecords workspaceRecords,
      WorkspaceSnapshots snapshots,
      DSLContext db,
      WorkflowClient temporal) {
    return new HostSandboxes(
        host,
        properties,
        runtime,
        records,
        httpDoors,
        log,
        turnEnds,
        toolJournal,
        openings,
        restarts,
        objects,
        workspaceRecords,
        snapshots,
        new HostLosses(db, records, workspaceRecords, log),
        new SessionSignals(temporal));
  }

  @Bean
  WorkspaceRecords workspaceRecords(DSLContext db) {
    return new WorkspaceRecords(db);
  }

  @Bean
  WorkspaceSnapshots workspaceSnapshots(
      WorkspaceProperties properties, ObjectStorage storage, ObjectStore objects) {
    return properties.snapshots()
        ? new ResticSnapshots(properties, storage, objects)
        : new HostOnlyWorkspaces();
  }

  @Bean
  WorkspaceActivities workspaceActivities(
      SandboxProperties sandbox,
      WorkspaceProperties workspace,
      HostSandboxes sandboxes,
      TurnEnds turnEnds,
      WorkspaceRecords records,
      WorkspaceSnapshots snapshots) {
    if (!workspace.snapshots()) {
      return new HostOnlyWorkspaces();
    }
    return new HostWorkspaceActivities(
        new SandboxFolders(sandbox.directory(), sandbox.socketDirectory()),
        sandboxes::isBusy,
        turnEnds,
        records,
        snapshots,
        workspace.settle(),
        workspace.kept(),
        new HostWorkspaceActivities.ReadBack(
            workspace.readBackEvery(), workspace.readBackShares()));
  }

  @Bean
  HostRegistry hostRegistry(DSLContext db) {
    return new HostRegistry(db);
  }

  @Bean
  DatabaseSessionActivities sessionActivities(
      DSLContext db, TurnEnds turnEnds, HostRegistry hosts, SandboxProperties sandboxes) {
    return new DatabaseSessionActivities(
        db, turnEnds, hosts, sandboxes.image(), sandboxes.tier().label());
  }

  @Bean
  TemporalPermits permitActivities(WorkflowClient temporal, PermitProperties permits) {
    return new TemporalPermits(temporal, permits.capacity());
  }

  @Bean
  HostSandboxActivities sandboxActivities(HostSandboxes sandboxes) {
    return new HostSandboxActivities(sandboxes);
  }

  @Bean
  HostTurnActivities turnActivities(
      HostSandboxes sandboxes,
      DSLContext db,
      GroupCommit log,
      TurnEnds turnEnds,
      WorkspaceRecords workspaces,
      Restarts restarts,
      ResumePoints resumePoints) {
    return new HostTurnActivities(
        sandboxes,
        db,
        log,
        turnEnds,
        workspaces,
        restarts,
        resumePoints,
        SessionPolicy.DEFAULT.interruptGrace());
  }

  @Bean(destroyMethod = "close")
  BoundedCalls boundedCalls() {
    return new BoundedCalls();
  }

  @Bean
  LeftByOthers leftByOthers(
      DSLContext db, WorkflowClient temporal, SessionTimes times, BoundedCalls calls) {
    return new LeftByOthers(
        new LostModelRequests(db),
        new UnannouncedMessages(db, temporal, times.policy(), calls),
        new LostSockets(db, temporal, calls));
  }

  @Bean
  HostSweep hostActivities(
      SandboxRuntime runtime,
      SandboxRecords records,
      HostSandboxes sandboxes,
      HostRegistry hosts,
      HostProperties host,
      SandboxProperties properties,
      MeterRegistry registry,
      LeftByOthers left) {
    return new HostSweep(
        runtime,
        records,
        sandboxes,
        () -> hosts.seen(new HostId(host.id()), host.url()),
        left,
        new FolderSweep(
            new SandboxFolders(properties.directory(), properties.socketDirectory()), records),
        new HostMetrics(registry));
  }

  @Bean
  DatabaseRetentionActivities retentionActivities(
      DSLContext db,
      RetentionProperties retention,
      WorkspaceRecords records,
      WorkspaceSnapshots snapshots) {
    return new DatabaseRetentionActivities(
        new LogRetention(db, retention.age(), retention.events()),
        new ClosedWorkspaces(db, records, snapshots, retention.closed()));
  }

  /** Takes hold of what runs on the host already, and has it looked after from now on. */
  @Bean
  @Order(1)
  ApplicationRunner takeOver(
      HostSweep sweep, HostId host, ScheduleClient schedules, RetentionProperties retention) {
    return arguments -> {
      sweep.takeOver();
      new ReconcileSchedule(schedules, host).ensure();
      new RetentionSchedule(schedules, retention.every()).ensure();
    };
  }

  @Bean
  RouterFunction<ServerResponse> liveStreams(HostSandboxes sandboxes, GatewayProperties gateway) {
    return new LiveStreams(sandboxes::find, gateway.credential()).routes();
  }
}
