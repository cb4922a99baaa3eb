@NullMarked
package dev.berth.activities.bridge;

import org.jspecify.annotations.NullMarked;
