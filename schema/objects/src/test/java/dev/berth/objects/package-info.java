@NullMarked
package dev.berth.objects;

import org.jspecify.annotations.NullMarked;
