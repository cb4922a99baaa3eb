package dev.berth.practicemodel.conversation;

/** One thing that happened in a conversation, in the order of the request. */
public sealed interface Moment {

  /** A person, or whoever gave a subagent its task, said something. */
  record UserSaid(String text) implements Moment {}

  /** The user said something while the agent was at work. */
  record UserAdded(String text) implements Moment {}

  /** The agent asks to go on after a crash or a cut answer. */
  record AskedToContinue() implements Moment {}

  /** The user interrupted the turn. */
  record Interrupted() implements Moment {}

  /** What went before was replaced by this summary. */
  record Summarised(String text) implements Moment {}

  /** Background work ended. */
  record Notified(String summary) implements Moment {}

  /** The agent insists on its StructuredOutput tool. */
  record StructuredOutputDemanded() implements Moment {}

  record ModelSaid(String text) implements Moment {}

  /**
   * @param answer the place of its message in the request; calls of one answer share it
   */
  record ToolCalled(String id, String name, int answer) implements Moment {}

  record ToolAnswered(String id, String text, boolean error) implements Moment {}
}
