import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { outOfMemoryKills } from '../../src/coordinator/memory.ts'

const folder = mkdtempSync(join(tmpdir(), 'berth-memory-'))

test.for([
  ['cgroup 2', 'low 0\nhigh 0\nmax 12\noom 2\noom_kill 7\noom_group_kill 0\n', 7],
  ['cgroup 1', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', 2],
  ['a kernel that does not count', 'oom_kill_disable 0\nunder_oom 0\n', 0],
] as const)('%s', ([name, text, kills]) => {
  const file = join(folder, name)
  writeFileSync(file, text)
  expect(outOfMemoryKills([join(folder, 'missing'), file])).toBe(kills)
})
