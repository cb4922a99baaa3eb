@NullMarked
package dev.berth.activities.sandbox;

import org.jspecify.annotations.NullMarked;
