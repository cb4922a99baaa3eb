/** What a developer's server and an end user's program do: mint a token, speak on the socket. */
@NullMarked
package dev.berth.standalone.client;

import org.jspecify.annotations.NullMarked;
