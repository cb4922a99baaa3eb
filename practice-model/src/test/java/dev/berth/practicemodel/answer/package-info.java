@NullMarked
package dev.berth.practicemodel.answer;

import org.jspecify.annotations.NullMarked;
