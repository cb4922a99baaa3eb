/** The model gateway: the only way from a sandbox to a model. */
@NullMarked
package dev.berth.api.gateway;

import org.jspecify.annotations.NullMarked;
