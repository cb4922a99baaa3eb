@NullMarked
package dev.berth.api.socket;

import org.jspecify.annotations.NullMarked;
