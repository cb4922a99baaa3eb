@NullMarked
package dev.berth.standalone.platform;

import org.jspecify.annotations.NullMarked;
