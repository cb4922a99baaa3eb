/** What happens now, for the api nodes that show it. */
@NullMarked
package dev.berth.activities.live;

import org.jspecify.annotations.NullMarked;
