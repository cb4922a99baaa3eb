@NullMarked
package dev.berth.api.events;

import org.jspecify.annotations.NullMarked;
