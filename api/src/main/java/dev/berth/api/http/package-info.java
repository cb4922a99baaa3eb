/** What all HTTP routes for end users share: who asks, and the form of answers and refusals. */
@NullMarked
package dev.berth.api.http;

import org.jspecify.annotations.NullMarked;
