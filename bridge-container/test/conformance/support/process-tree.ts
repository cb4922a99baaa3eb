import { readdirSync, readFileSync } from 'node:fs'

/** In the environment of a process and of all that it starts, so that none of them can be missed. */
export const RUN_MARK = 'CONFORMANCE_RUN'

/** Kills all at once, as the loss of a container does: none of them sees another one die. */
export function killMarked(run: string): void {
  signalAll(run, 'SIGSTOP')
  signalAll(run, 'SIGKILL')
}

function signalAll(run: string, signal: NodeJS.Signals): void {
  const signalled = new Set<number>()
  // What was started meanwhile shows up in the next look.
  for (let found = unsignalled(run, signalled); found.length > 0; ) {
    for (const pid of found) {
      signalled.add(pid)
      signalOne(pid, signal)
    }
    found = unsignalled(run, signalled)
  }
}

/** Parents first, as far as numbers tell. */
function unsignalled(run: string, signalled: ReadonlySet<number>): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && !signalled.has(pid) && isMarked(pid, run))
    .sort((one, other) => one - other)
}

function isMarked(pid: number, run: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${RUN_MARK}=${run}\0`)
  } catch {
    return false
  }
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

/** The process under this one whose command line has the text in it. */
export function processOf(run: string, command: string): number | undefined {
  return unsignalled(run, new Set()).find((pid) => commandLine(pid).includes(command))
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}
