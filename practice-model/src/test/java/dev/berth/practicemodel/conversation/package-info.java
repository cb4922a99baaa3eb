@NullMarked
package dev.berth.practicemodel.conversation;

import org.jspecify.annotations.NullMarked;
