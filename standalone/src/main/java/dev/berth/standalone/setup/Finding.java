package dev.berth.standalone.setup;

/** What a look at one thing that Berth needs found. */
public sealed interface Finding {
  String name();

  /** It is there. */
  record Good(String name, String detail) implements Finding {}

  /** It works without, but not as well. */
  record Poor(String name, String detail, String remedy) implements Finding {}

  /** Nothing works without it. */
  record Missing(String name, String detail, String remedy) implements Finding {}
}
