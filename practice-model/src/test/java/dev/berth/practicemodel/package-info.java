@NullMarked
package dev.berth.practicemodel;

import org.jspecify.annotations.NullMarked;
