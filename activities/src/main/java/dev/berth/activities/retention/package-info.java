/** Deletes what is not kept any longer: the beginnings of logs, the files of closed sessions. */
@NullMarked
package dev.berth.activities.retention;

import org.jspecify.annotations.NullMarked;
