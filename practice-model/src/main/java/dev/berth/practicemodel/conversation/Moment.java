package dev.berth.practicemodel.conversation;

/** One thing that happened in a conversation, in the order of the request. */
public sealed interface Moment {

  /** A person, or whoever gave a subagent its task, said something. */
  record UserSaid(String text) implements Moment {}

  /** The user said something while the agent was at work. */
  record UserAdded(String text) implements Moment {}

  /** Somebody asks to go on, after a crash for example. */
  record AskedToContinue() implements Moment {}

  /** What the model said last broke off; the agent asks for the rest. */
  record AnswerBrokeOff() implements Moment {}

  /** What went before was replaced by this summary. */
  record Summarised(String text) implements Moment {}

  /** The agent read the text of a skill, as the model had asked. */
  record SkillLoaded(String text) implements Moment {}

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
