@NullMarked
package dev.berth.activities.transcript;

import org.jspecify.annotations.NullMarked;
