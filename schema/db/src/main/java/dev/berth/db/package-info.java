/**
 * The database: migrations, the generated tables, and the one writer and reader of the event log.
 */
@NullMarked
package dev.berth.db;

import org.jspecify.annotations.NullMarked;
