/** {@code ./berth chaos}: kills what it is made of, and looks what became of the sessions. */
@NullMarked
package dev.berth.standalone.chaos;

import org.jspecify.annotations.NullMarked;
