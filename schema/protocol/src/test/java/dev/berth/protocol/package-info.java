@NullMarked
package dev.berth.protocol;

import org.jspecify.annotations.NullMarked;
