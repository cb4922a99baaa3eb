/** What workflows ask of the world. The worker implements these; tests fake them. */
@NullMarked
package dev.berth.workflows.ports;

import org.jspecify.annotations.NullMarked;
