/**
 * Decides the one answer to a request: the next round of a script, a demo scenario, or a reply to
 * what the Agent SDK asks on the side.
 */
@NullMarked
package dev.berth.practicemodel.answer;

import org.jspecify.annotations.NullMarked;
