@NullMarked
package dev.berth.api.auth;

import org.jspecify.annotations.NullMarked;
