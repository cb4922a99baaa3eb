@NullMarked
package dev.berth.workflows.testing;

import org.jspecify.annotations.NullMarked;
