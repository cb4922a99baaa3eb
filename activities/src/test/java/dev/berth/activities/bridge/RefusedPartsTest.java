package dev.berth.activities.bridge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.berth.activities.HeldObjects;
import dev.berth.activities.live.LiveChannel;
import dev.berth.activities.session.TurnEnds;
import dev.berth.activities.transcript.TranscriptWriter;
import dev.berth.db.GroupCommit;
import dev.berth.protocol.ProjectId;
import dev.berth.protocol.ProtocolJson;
import dev.berth.protocol.SandboxId;
import dev.berth.protocol.SessionId;
import dev.berth.protocol.bridge.BridgeFrame;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Parts of a transcript that are too many for a worker whose object storage is away. */
@Timeout(60)
class RefusedPartsTest {
  @TempDir private Path folder;

  @Test
  void whatFollowsARefusedPartIsNotStoredAndTheBridgeSendsAllOfItAgain() throws Exception {
    var address = UnixDomainSocketAddress.of(folder.resolve("control.sock"));
    var session = new SessionId(UUID.randomUUID().toString());
    var project = new ProjectId("p");
    var db = DSL.using(SQLDialect.POSTGRES);
    try (var objects = new HeldObjects();
        var door = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
        var bridge = SocketChannel.open(address);
        var connection = new BridgeConnection(door.accept());
        var log = new GroupCommit(db)) {
      objects.beAway(true);
      var transcript = new TranscriptWriter(objects.store(), project, session, 1, 60);
      var intake =
          new FrameIntake(
              new Attachment(project, session, new SandboxId("sb-0000000000000001"), 1, 1),
              connection,
              log,
              transcript,
              new TurnEnds(db),
              new LiveChannel(),
              new Silent());
      intake.accept(part(1));
      intake.accept(part(2));
      intake.accept(part(3));

      objects.beAway(false);
      objects.allow(100);
      var heard = new BufferedReader(new InputStreamReader(Channels.newInputStream(bridge), UTF_8));
      var said = heard.lines().toList();

      assertThat(said).allMatch(line -> line.contains("\"frame\":1"));
      intake.accept(part(3));
      intake.end();
      assertThat(transcript.end()).isTrue();
      assertThat(objects.stored()).containsExactly("000000000001.jsonl");
    }
  }

  private static BridgeFrame part(long frame) {
    return new BridgeFrame.TranscriptPart(
        frame, null, List.of(ProtocolJson.mapper().createObjectNode().put("uuid", "e" + frame)));
  }

  /** Nothing that is not a part comes. */
  private static final class Silent implements FrameIntake.Listener {
    @Override
    public void turnEnded(BridgeFrame.TurnEnded frame, long seq, boolean idle) {
      throw new AssertionError(frame);
    }

    @Override
    public void clientToolCalled(BridgeFrame.ClientToolCall frame) {
      throw new AssertionError(frame);
    }

    @Override
    public void clientToolClosed(BridgeFrame.ClientToolClosed frame) {
      throw new AssertionError(frame);
    }

    @Override
    public void agentExited(BridgeFrame.AgentExited frame) {
      throw new AssertionError(frame);
    }

    @Override
    public void approvalRequested(BridgeFrame.ApprovalRequested frame, boolean first) {
      throw new AssertionError(frame);
    }

    @Override
    public void approvalClosed() {
      throw new AssertionError("closed");
    }

    @Override
    public void backgroundTasks(BridgeFrame.BackgroundTasks frame) {
      throw new AssertionError(frame);
    }

    @Override
    public void superseded() {
      throw new AssertionError("superseded");
    }
  }
}
