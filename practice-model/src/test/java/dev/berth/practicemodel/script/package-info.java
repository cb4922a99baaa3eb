@NullMarked
package dev.berth.practicemodel.script;

import org.jspecify.annotations.NullMarked;
