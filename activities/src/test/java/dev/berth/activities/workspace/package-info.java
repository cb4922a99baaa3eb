@NullMarked
package dev.berth.activities.workspace;

import org.jspecify.annotations.NullMarked;
