@NullMarked
package dev.berth.standalone.cli;

import org.jspecify.annotations.NullMarked;
