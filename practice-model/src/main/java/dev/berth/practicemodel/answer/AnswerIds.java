package dev.berth.practicemodel.answer;

import dev.berth.practicemodel.conversation.Digest;
import dev.berth.practicemodel.conversation.MessagesRequest;

/**
 * The ids of an answer. They are derived from all that happened in the conversation, so that a
 * repeated request gets the same ones and no two answers of a conversation share one.
 */
final class AnswerIds {
  private static final int SEED_BYTES = 16;
  private static final int MESSAGE_BYTES = 12;
  private static final int SIGNATURE_BYTES = 32;

  private final String seed;

  AnswerIds(MessagesRequest request) {
    var digest = new Digest().add(request.key().text()).add(request.model());
    request.conversation().moments().forEach(moment -> digest.add(moment.toString()));
    this.seed = digest.add(request.conversation().lastText()).hex(SEED_BYTES);
  }

  /**
   * @param attempt counts the answers that the script spoils before this one
   */
  String message(int attempt) {
    return "msg_" + new Digest().add(seed).add("attempt " + attempt).hex(MESSAGE_BYTES);
  }

  String toolCall(int round, int number) {
    return ToolCallId.of(seed, round, number).toString();
  }

  String signature(String thought) {
    return new Digest().add(seed).add(thought).hex(SIGNATURE_BYTES);
  }
}
