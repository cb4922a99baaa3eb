package dev.berth.standalone.chaos;

import java.util.List;

/**
 * A session and all that is done to it.
 *
 * @param round that it belongs to; with the seed it says everything
 * @param strikes in no order: each has its own moment
 */
record Plan(int round, long seed, Reference reference, List<Strike> strikes) {
  Plan {
    strikes = List.copyOf(strikes);
  }
}
