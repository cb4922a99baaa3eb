package dev.berth.practicemodel.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells the words of people from the phrases that the Agent SDK puts into a conversation.
 *
 * <p>Source: seen on the wire of Agent SDK 0.3.330; the tests with the real agent notice when they
 * change.
 */
final class AgentPhrases {
  private static final String REMINDER_TAG = "<system-reminder>";
  private static final Pattern REMINDER =
      Pattern.compile(REMINDER_TAG + "(.*?)</system-reminder>", Pattern.DOTALL);
  private static final Pattern ADDED =
      Pattern.compile(
          "The user sent a new message while you were working:\\n(.*?)"
              + "(?:\\n\\nThis is how Claude Code surfaces .*)?",
          Pattern.DOTALL);
  private static final Pattern NOTIFICATION_SUMMARY =
      Pattern.compile("<summary>(.*?)</summary>", Pattern.DOTALL);
  private static final String SUBAGENT = "[Subagent hand-back]";
  private static final Pattern SUBAGENT_REPORT =
      Pattern.compile(".*The report follows:\\n(.*?)(?:\\nagentId: .*)?", Pattern.DOTALL);
  private static final String LOST_CALLS = "The sandbox was lost after these tool calls had ended";
  private static final Pattern LOST_CALL =
      Pattern.compile(
          "^- (\\S+) \\((toolu_\\w+)\\) with .*? gave:\\n(.*?)(?=^- \\S+ \\(toolu_|\\z)",
          Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern CONTINUE =
      Pattern.compile(
          "(?:continue|resume|carry on|go on|keep going)\\b.{0,200}|.{0,200}\\bleft off\\b.{0,200}",
          Pattern.CASE_INSENSITIVE);

  private static final String SUMMARY = "This session is being continued from a previous";
  private static final String STRUCTURED_OUTPUT = "[structured-output-enforce]";
  private static final String SKILL = "Base directory for this skill:";
  private static final String NOTIFICATION = "[SYSTEM NOTIFICATION";
  private static final String NO_RESPONSE = "No response requested.";

  /** Beginnings of texts that ask for the rest of an answer. */
  private static final List<String> BROKE_OFF =
      List.of(
          "Your response above was cut off mid-stream",
          "Your response was cut off because it exceeded",
          "Output token limit hit");

  /** Beginnings of texts that nobody said and that ask for nothing. */
  private static final List<String> NOISE =
      List.of(
          "Your response above was stopped by a safety classifier",
          "[Request interrupted by user",
          "Stop hook feedback:",
          "Tool loaded.",
          "<local-command-",
          "<command-name>",
          "<command-message>",
          "<bash-",
          "Caveat: ");

  /** Where the agent keeps an image of the message, in a text of its own after the user's. */
  private static final Pattern IMAGE_PLACE = Pattern.compile("\\[Image: source: [^\\]]*\\]\\s*");

  private AgentPhrases() {}

  /** What a text block of a user message stands for: reminders first, then the rest. */
  static List<Moment> inUserText(String text) {
    if (text.startsWith(SUMMARY)) {
      return List.of(new Moment.Summarised(text));
    }
    if (IMAGE_PLACE.matcher(text).matches()) {
      return List.of();
    }
    var moments = inReminders(text);
    spoken(withoutReminders(text)).ifPresent(moments::add);
    return moments;
  }

  /** What reminders inside a text tell; they may stand in tool results too. */
  static List<Moment> inReminders(String text) {
    var moments = new ArrayList<Moment>();
    var reminders = REMINDER.matcher(text);
    while (reminders.find()) {
      inSystemText(reminders.group(1)).ifPresent(moments::add);
      moments.addAll(lostCalls(reminders.group(1)));
    }
    return moments;
  }

  /** What a host of the agent tells of calls that the conversation lost counts as made. */
  private static List<Moment> lostCalls(String text) {
    if (!text.strip().startsWith(LOST_CALLS)) {
      return List.of();
    }
    var moments = new ArrayList<Moment>();
    var calls = LOST_CALL.matcher(text);
    while (calls.find()) {
      moments.add(new Moment.ToolCalled(calls.group(2), calls.group(1), moments.size()));
      moments.add(new Moment.ToolAnswered(calls.group(2), calls.group(3).strip(), false));
    }
    return moments;
  }

  static Optional<Moment> inSystemText(String text) {
    var stripped = text.strip();
    if (stripped.startsWith(NOTIFICATION)) {
      var summary = NOTIFICATION_SUMMARY.matcher(stripped);
      return Optional.of(
          new Moment.Notified(summary.find() ? summary.group(1) : "something ended"));
    }
    var added = ADDED.matcher(stripped);
    return added.matches()
        ? Optional.of(new Moment.UserAdded(added.group(1).strip()))
        : Optional.empty();
  }

  /** The text of a skill; it comes from the user unless the model had just called a tool. */
  static boolean isSkill(String text) {
    return text.startsWith(SKILL);
  }

  static Optional<Moment> inModelText(String text) {
    return text.strip().equals(NO_RESPONSE)
        ? Optional.empty()
        : Optional.of(new Moment.ModelSaid(text));
  }

  /** The words of a tool or a subagent, without what is wrapped around them. */
  static String inToolResult(String text) {
    var bare =
        text.contains(REMINDER_TAG) ? REMINDER.matcher(text).replaceAll("").stripTrailing() : text;
    var report = SUBAGENT_REPORT.matcher(bare);
    return bare.contains(SUBAGENT) && report.matches()
        ? report.group(1).stripIndent().strip()
        : bare;
  }

  private static Optional<Moment> spoken(String text) {
    if (text.isEmpty() || NOISE.stream().anyMatch(text::startsWith)) {
      return Optional.empty();
    }
    if (text.startsWith(STRUCTURED_OUTPUT)) {
      return Optional.of(new Moment.StructuredOutputDemanded());
    }
    if (BROKE_OFF.stream().anyMatch(text::startsWith)) {
      return Optional.of(new Moment.AnswerBrokeOff());
    }
    return CONTINUE.matcher(text).matches()
        ? Optional.of(new Moment.AskedToContinue())
        : Optional.of(new Moment.UserSaid(text));
  }

  private static String withoutReminders(String text) {
    return text.contains(REMINDER_TAG)
        ? REMINDER.matcher(text).replaceAll("").strip()
        : text.strip();
  }
}
