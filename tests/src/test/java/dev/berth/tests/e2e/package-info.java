/** The whole system, with real Temporal, PostgreSQL, S3, Docker and the real Agent SDK. */
@NullMarked
package dev.berth.tests.e2e;

import org.jspecify.annotations.NullMarked;
