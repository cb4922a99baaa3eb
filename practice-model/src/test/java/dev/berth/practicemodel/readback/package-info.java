@NullMarked
package dev.berth.practicemodel.readback;

import org.jspecify.annotations.NullMarked;
