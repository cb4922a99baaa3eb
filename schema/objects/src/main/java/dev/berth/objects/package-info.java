/** Object storage: what is big lies here under keys that say what it is. */
@NullMarked
package dev.berth.objects;

import org.jspecify.annotations.NullMarked;
