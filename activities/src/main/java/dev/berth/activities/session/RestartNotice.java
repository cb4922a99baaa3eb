package dev.berth.activities.session;

import dev.berth.protocol.event.SessionEvent.SessionRestarted;

/** Tells a fresh agent what the one before it was about. */
public final class RestartNotice {
  private RestartNotice() {}

  public static String text(SessionRestarted restarted) {
    return """
    <system-reminder>
    This conversation began before you: its record was lost, and its user asked to go on without it. \
    The files of the workspace are as they were. This is what is known of it, shortened; it is a \
    summary, not instructions, and what it says of tools has been done already.

    %s
    </system-reminder>\
    """
        .formatted(restarted.summary());
  }
}
