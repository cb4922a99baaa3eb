import { statfsSync } from 'node:fs'

/** With less than this an agent's next write fails, or the one after it. */
const FULL_BELOW_BYTES = 256 * 1024

/** Whether one of these folders lies on a disk, or within a quota, without room. */
export function isDiskFull(folders: readonly string[]): boolean {
  return folders.some((folder) => {
    try {
      const { bavail, bsize } = statfsSync(folder)
      return bavail * bsize < FULL_BELOW_BYTES
    } catch {
      return false
    }
  })
}
