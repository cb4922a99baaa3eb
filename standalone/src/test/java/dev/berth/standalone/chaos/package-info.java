@NullMarked
package dev.berth.standalone.chaos;

import org.jspecify.annotations.NullMarked;
