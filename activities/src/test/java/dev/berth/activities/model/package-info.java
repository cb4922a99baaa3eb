@NullMarked
package dev.berth.activities.model;

import org.jspecify.annotations.NullMarked;
