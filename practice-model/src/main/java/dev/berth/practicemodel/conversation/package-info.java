/**
 * What a request of the Messages API says, freed from everything that the Agent SDK wraps around
 * the words of people.
 */
@NullMarked
package dev.berth.practicemodel.conversation;

import org.jspecify.annotations.NullMarked;
