/**
 * The script language: lines of a message become steps, steps become rounds, and one round is one
 * answer of the model.
 */
@NullMarked
package dev.berth.practicemodel.script;

import org.jspecify.annotations.NullMarked;
