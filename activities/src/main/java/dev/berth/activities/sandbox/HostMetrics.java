package dev.berth.activities.sandbox;

import dev.berth.workflows.ports.HostActivities.SweepResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.ToIntFunction;

/**
 * What sweeps find, for operators: {@code berth_host_disagreement}, by {@code kind}, is what the
 * latest sweep found and repaired, so it reads 0 on a host that is in order; {@code
 * berth_host_sweeps_total} says that there are sweeps at all.
 */
public final class HostMetrics {
  private final Counter sweeps;
  private volatile SweepResult latest = new SweepResult(0, 0, 0, 0);

  public HostMetrics(MeterRegistry registry) {
    this.sweeps =
        Counter.builder("berth.host.sweeps")
            .description("Comparisons of the host with the database")
            .register(registry);
    gauge(registry, "container", SweepResult::removed);
    gauge(registry, "sandbox", SweepResult::missing);
    gauge(registry, "socket", SweepResult::sockets);
    gauge(registry, "workspace", SweepResult::workspaces);
  }

  void swept(SweepResult result) {
    latest = result;
    sweeps.increment();
  }

  private void gauge(MeterRegistry registry, String kind, ToIntFunction<SweepResult> count) {
    Gauge.builder("berth.host.disagreement", this, metrics -> count.applyAsInt(metrics.latest))
        .description("What the latest sweep found on the host that the database did not have so")
        .tag("kind", kind)
        .register(registry);
  }
}
