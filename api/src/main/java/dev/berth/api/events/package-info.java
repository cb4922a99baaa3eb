/** Reading the event log: what is stored, then what happens. */
@NullMarked
package dev.berth.api.events;

import org.jspecify.annotations.NullMarked;
