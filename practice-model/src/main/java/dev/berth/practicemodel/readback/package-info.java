/** What was answered and what it counted, kept so that tests can compare it with a ledger. */
@NullMarked
package dev.berth.practicemodel.readback;

import org.jspecify.annotations.NullMarked;
