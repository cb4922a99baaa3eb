@NullMarked
package dev.berth.api.session;

import org.jspecify.annotations.NullMarked;
