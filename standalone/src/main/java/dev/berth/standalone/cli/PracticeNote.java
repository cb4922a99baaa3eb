package dev.berth.standalone.cli;

/** Said wherever the practice model stands in for a provider. */
final class PracticeNote {
  static final String TEXT =
      """
      ! No ANTHROPIC_API_KEY: the practice model answers, not Claude. It follows scripts;
        everything else is real. Export a key and start again for a real model.\
      """;

  private PracticeNote() {}
}
