/**
 * The practice model: the Messages API on a local port, answering by script instead of by thinking.
 * {@link dev.berth.practicemodel.PracticeModel} is all that others need.
 */
@NullMarked
package dev.berth.practicemodel;

import org.jspecify.annotations.NullMarked;
