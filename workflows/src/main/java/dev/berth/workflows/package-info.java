/** What all workflows share: task queues, search attributes, payloads, failures. */
@NullMarked
package dev.berth.workflows;

import org.jspecify.annotations.NullMarked;
