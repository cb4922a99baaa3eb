@NullMarked
package dev.berth.activities.session;

import org.jspecify.annotations.NullMarked;
