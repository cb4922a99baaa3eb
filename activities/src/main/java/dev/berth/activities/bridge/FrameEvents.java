package dev.berth.activities.bridge;

import dev.berth.activities.session.ToolJournal;
import dev.berth.db.NewEvent;
import dev.berth.protocol.MessageId;
import dev.berth.protocol.ProblemType;
import dev.berth.protocol.TurnId;
import dev.berth.protocol.bridge.BridgeFrame;
import dev.berth.protocol.event.SessionEvent;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Which event a frame becomes. */
final class FrameEvents {
  private FrameEvents() {}

  /** The id under which a frame's event is stored, however often the frame is sent. */
  static String id(int epoch, long frame) {
    return "b/%d/%d".formatted(epoch, frame);
  }

  static NewEvent of(int epoch, BridgeFrame.SdkMessage frame) {
    return inTurn(
        new NewEvent(
            id(epoch, frame.frame()),
            event(frame.message()),
            null,
            null,
            frame.message().toString()),
        frame.turnId());
  }

  static NewEvent of(int epoch, BridgeFrame.ClientToolCall frame) {
    return inTurn(
        NewEvent.of(
            id(epoch, frame.frame()),
            new SessionEvent.ClientToolCalled(
                frame.callId(), frame.server(), frame.tool(), frame.input())),
        frame.turnId());
  }

  static NewEvent of(int epoch, BridgeFrame.ClientToolClosed frame) {
    return NewEvent.of(
        id(epoch, frame.frame()),
        new SessionEvent.ClientToolClosed(frame.callId(), frame.outcome()));
  }

  static NewEvent of(BridgeFrame.ToolProposed frame) {
    return inTurn(
        NewEvent.of(
            ToolJournal.id(frame.toolUseId(), "proposed"),
            new SessionEvent.ToolProposed(
                frame.toolUseId(), frame.name(), frame.inputHash(), frame.agentId())),
        frame.turnId());
  }

  static NewEvent of(BridgeFrame.ToolStarted frame) {
    return inTurn(
        NewEvent.of(
            ToolJournal.id(frame.toolUseId(), "started"),
            new SessionEvent.ToolStarted(frame.toolUseId(), frame.name())),
        frame.turnId());
  }

  static NewEvent of(BridgeFrame.ToolEnded frame) {
    return inTurn(
        NewEvent.of(
            ToolJournal.id(frame.toolUseId(), "ended"),
            switch (frame.outcome()) {
              case COMPLETED -> new SessionEvent.ToolCompleted(frame.toolUseId(), false, null);
              case FAILED -> new SessionEvent.ToolCompleted(frame.toolUseId(), true, null);
              case TIMED_OUT ->
                  new SessionEvent.ToolCompleted(
                      frame.toolUseId(), true, ProblemType.TOOL_TIMED_OUT);
              case DENIED -> new SessionEvent.ToolDenied(frame.toolUseId(), frame.reason());
            }),
        frame.turnId());
  }

  private static SessionEvent event(JsonNode message) {
    var type = message.path("type").asString("unknown");
    var subtype = message.path("subtype");
    return switch (type) {
      case "assistant" -> new SessionEvent.AgentMessage();
      case "user" -> new SessionEvent.AgentUser();
      case "result" -> new SessionEvent.AgentResult();
      case "system" ->
          subtype.asString("").equals("init")
              ? new SessionEvent.AgentInit()
              : notice(type, subtype);
      default -> notice(type, subtype);
    };
  }

  private static SessionEvent notice(String type, JsonNode subtype) {
    return new SessionEvent.AgentNotice(type, subtype.isString() ? subtype.asString() : null);
  }

  /** A turn that a message began has the message's id. */
  private static NewEvent inTurn(NewEvent event, @Nullable TurnId turn) {
    return turn == null ? event : event.inTurn(turn, new MessageId(turn.value()));
  }
}
