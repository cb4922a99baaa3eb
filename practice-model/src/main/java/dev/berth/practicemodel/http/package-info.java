/** The wire: routes, keys, bodies, server-sent events and errors in the shapes of the API. */
@NullMarked
package dev.berth.practicemodel.http;

import org.jspecify.annotations.NullMarked;
