@NullMarked
package dev.berth.api.sending;

import org.jspecify.annotations.NullMarked;
