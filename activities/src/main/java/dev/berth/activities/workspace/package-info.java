/** What keeps the files of a session beyond its host: snapshots in object storage. */
@NullMarked
package dev.berth.activities.workspace;

import org.jspecify.annotations.NullMarked;
