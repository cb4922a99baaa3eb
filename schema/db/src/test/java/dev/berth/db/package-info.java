@NullMarked
package dev.berth.db;

import org.jspecify.annotations.NullMarked;
