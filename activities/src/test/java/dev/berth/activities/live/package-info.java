@NullMarked
package dev.berth.activities.live;

import org.jspecify.annotations.NullMarked;
