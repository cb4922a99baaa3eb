package dev.berth.activities.workspace;

import dev.berth.protocol.event.EndedCall;
import dev.berth.protocol.event.SessionEvent.WorkspaceRolledBack;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Tells the model that its files are older than the conversation. */
public final class RollbackNotice {
  private RollbackNotice() {}

  /**
   * The message with the notice before it, in the form in which the agent's own notices reach the
   * model. A command of the agent stays as it is, or it would not be one any more.
   */
  public static JsonNode before(JsonNode content, WorkspaceRolledBack rolledBack) {
    return Notices.before(content, text(rolledBack));
  }

  /** The notice alone. */
  public static String text(WorkspaceRolledBack rolledBack) {
    var at = rolledBack.snapshotAt();
    return """
    <system-reminder>
    The machine that held this workspace was lost. %s Changes to files that the last %d turn(s) of \
    this conversation made may be missing, although the conversation shows them as made. Look at the \
    files before you rely on them, and tell the user what is missing.%s
    </system-reminder>\
    """
        .formatted(
            at == null
                ? "No copy of its files was kept, so it is empty now."
                : "Its files are restored from a copy of %s.".formatted(at),
            rolledBack.lostTurns(),
            calls(rolledBack.lostCalls()));
  }

  private static String calls(@Nullable List<EndedCall> lost) {
    return lost == null
        ? ""
        : "\nThese tool calls ended after that copy was made: "
            + lost.stream()
                .map(call -> "%s (%s)".formatted(call.name(), call.toolUseId()))
                .collect(Collectors.joining(", "))
            + ".";
  }
}
