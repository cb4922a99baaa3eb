package dev.berth.standalone.chaos;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/**
 * What one kill led to.
 *
 * @param what it was and when, in words
 * @param struck whether there was something to strike
 * @param recoveryMs to the next event in the log; null when none had to come
 */
public record StrikeResult(
    Component component,
    String what,
    boolean struck,
    @JsonProperty("recovery_ms") @Nullable Long recoveryMs) {}
