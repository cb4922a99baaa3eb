/** The arrows between the modules. */
@NullMarked
package dev.berth.tests.architecture;

import org.jspecify.annotations.NullMarked;
