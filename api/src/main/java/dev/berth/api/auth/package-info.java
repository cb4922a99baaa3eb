/** Who calls: end-user tokens, checked against their project. */
@NullMarked
package dev.berth.api.auth;

import org.jspecify.annotations.NullMarked;
