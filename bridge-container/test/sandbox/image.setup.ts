import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Makes the image if it is missing and tells the tests its name. */
export async function setup(): Promise<void> {
  const script = new URL('../../image', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(script, [], { maxBuffer: 64 * 1024 * 1024 })
  process.env.BERTH_SANDBOX_IMAGE = stdout.trim()
}
