@NullMarked
package dev.berth.workflows.retention;

import org.jspecify.annotations.NullMarked;
