import { readFileSync } from 'node:fs'

/** Where the kernel counts, under cgroups 2 and 1. */
const COUNTERS = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']

/** How many processes of this sandbox the kernel has killed for want of memory; 0 where unknown. */
export function outOfMemoryKills(files: readonly string[] = COUNTERS): number {
  for (const file of files) {
    try {
      const count = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1]
      if (count !== undefined) return Number(count)
    } catch {
      // The other kind of cgroup.
    }
  }
  return 0
}
