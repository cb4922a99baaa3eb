package dev.berth.standalone.cli;

import dev.berth.standalone.platform.TemporalSource;

/** Said wherever Temporal's development server stands in for the production server. */
final class DevelopmentTemporalNote {
  static final String TEXT =
      """
      ! No Go %s or newer: Temporal's development server runs, with an SQLite file of its own.
        Sessions survive a restart; it is not for production. Install Go and start again for the
        production server.\
      """
          .formatted(TemporalSource.GO);

  private DevelopmentTemporalNote() {}
}
