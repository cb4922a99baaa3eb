@NullMarked
package dev.berth.activities;

import org.jspecify.annotations.NullMarked;
