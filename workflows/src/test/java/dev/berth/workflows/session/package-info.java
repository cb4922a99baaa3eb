@NullMarked
package dev.berth.workflows.session;

import org.jspecify.annotations.NullMarked;
