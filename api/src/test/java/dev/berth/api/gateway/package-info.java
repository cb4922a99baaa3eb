@NullMarked
package dev.berth.api.gateway;

import org.jspecify.annotations.NullMarked;
