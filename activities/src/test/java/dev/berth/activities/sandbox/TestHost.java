package dev.berth.activities.sandbox;

import dev.berth.activities.TestObjects;
import dev.berth.activities.model.GatewayAddresses;
import dev.berth.activities.model.GatewayCredentials;
import dev.berth.activities.model.GatewayProperties;
import dev.berth.activities.model.HttpDoors;
import dev.berth.activities.sandbox.SandboxRecords.Serving;
import dev.berth.activities.session.LostBackground;
import dev.berth.activities.session.LostResults;
import dev.berth.activities.session.Restarts;
import dev.berth.activities.session.ResumePoints;
import dev.berth.activities.session.ToolJournal;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.workspace.WorkspaceRecords;
import dev.berth.db.GroupCommit;
import dev.berth.protocol.HostId;
import dev.berth.protocol.Secret;
import dev.berth.protocol.bridge.StartWait;
import io.temporal.testing.TestWorkflowEnvironment;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jooq.DSLContext;
import org.springframework.util.unit.DataSize;

/** A host whose containers are in memory, and all else is real. */
public final class TestHost {
  private final Path folder;
  private final SandboxRecords records;
  private final GroupCommit log;
  private final HostSandboxes sandboxes;

  /**
   * @param folder with room for workspaces and sockets
   * @param silence of a bridge whose sandbox is taken for lost
   */
  public TestHost(
      HostId host,
      Path folder,
      DSLContext db,
      TestObjects objects,
      TestWorkflowEnvironment temporal,
      HttpDoors doors,
      TestContainers containers,
      Duration silence) {
    this.folder = folder;
    this.records = new SandboxRecords(db, host, URI.create("http://host-1:7401"));
    this.log = new GroupCommit(db);
    this.sandboxes =
        new HostSandboxes(
            host,
            new SandboxProperties(
                "here",
                "image:1",
                SandboxTier.LITE,
                null,
                URI.create("tcp://127.0.0.1:1"),
                folder.resolve("workspaces"),
                folder.resolve("s"),
                Duration.ofSeconds(30),
                Duration.ofSeconds(5),
                silence,
                DataSize.ofBytes(0)),
            containers,
            records,
            doors,
            log,
            new TurnEnds(db),
            new ToolJournal(db),
            new BridgeOpenings(
                new WatchdogProperties(
                    Duration.ofMinutes(1),
                    Duration.ofSeconds(30),
                    Duration.ofMinutes(10),
                    Duration.ofHours(1)),
                new ToolJournalProperties(StartWait.ALL),
                records,
                new WorkspaceRecords(db),
                new ToolJournal(db),
                new ResumePoints(db),
                new LostResults(db),
                new LostBackground(db)),
            new Restarts(db),
            objects.store(),
            new WorkspaceRecords(db),
            new NoSnapshots(),
            new HostLosses(db, records, new WorkspaceRecords(db), log),
            new SessionSignals(temporal.getWorkflowClient()));
  }

  /** Doors behind which no api node is. */
  public static HttpDoors doors() {
    var addresses = new GatewayAddresses(List.of(URI.create("http://127.0.0.1:1")));
    var gateway = new GatewayProperties(List.of(addresses.current()), new Secret("i"));
    return new HttpDoors(
        addresses, new GatewayCredentials(gateway, addresses, HttpClient.newHttpClient()));
  }

  /** Takes hold of a sandbox that runs. */
  public void adopt(Serving serving) {
    new SandboxFolders(folder.resolve("workspaces"), folder.resolve("s"))
        .prepare(serving.sandbox(), List.of());
    sandboxes.adopt(serving);
  }

  public SandboxRecords records() {
    return records;
  }

  public GroupCommit log() {
    return log;
  }

  public HostSandboxes sandboxes() {
    return sandboxes;
  }
}
