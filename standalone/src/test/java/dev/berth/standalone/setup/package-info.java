@NullMarked
package dev.berth.standalone.setup;

import org.jspecify.annotations.NullMarked;
