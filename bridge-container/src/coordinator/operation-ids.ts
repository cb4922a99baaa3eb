import { isObject } from '../bridge-server/shape.ts'

/** Further calls of the agent's shell that nobody asked for are forgotten, the oldest first. */
const REMEMBERED = 256

interface OpenCall {
  readonly command: string
  readonly inBackground: boolean
}

/**
 * Tells a running shell which call of the Bash tool it was started for. The Agent SDK does not say,
 * so the shell's own text does: it holds the command. Where two calls could be meant, neither is.
 */
export class OperationIds {
  readonly #open = new Map<string, OpenCall>()

  /** A call stands before its gate; its shell may ask as soon as it is through. */
  called(toolUseId: string, name: string, input: unknown): void {
    if (name !== 'Bash' || !isObject(input) || typeof input.command !== 'string') return
    this.#open.set(toolUseId, {
      command: unquoted(input.command),
      inBackground: input.run_in_background === true,
    })
    if (this.#open.size <= REMEMBERED) return
    const [oldest] = this.#open.keys()
    if (oldest !== undefined) this.#open.delete(oldest)
  }

  /** A call that goes on in the background ends before its shell has asked. */
  ended(toolUseId: string, ran: boolean): void {
    if (!ran || this.#open.get(toolUseId)?.inBackground === false) this.#open.delete(toolUseId)
  }

  /**
   * The id of the call that a shell belongs to, once.
   *
   * @param shell all that the shell was told to run
   */
  of(shell: string): string | undefined {
    const command = commandIn(shell)
    if (command === undefined) return undefined
    const [found, ...others] = [...this.#open].filter(([, call]) => call.command === command)
    if (found === undefined || others.length > 0) return undefined
    this.#open.delete(found[0])
    return found[0]
  }
}

/** The Agent SDK wraps a command like this, last in what its shell runs. */
const BEFORE = '&& eval '
const AFTER = ' && pwd -P >|'

function commandIn(shell: string): string | undefined {
  const begin = shell.indexOf(BEFORE)
  const end = shell.lastIndexOf(AFTER)
  return begin < 0 || end < begin ? undefined : unquoted(shell.slice(begin + BEFORE.length, end))
}

/**
 * What is left of a command whose quoting and input the Agent SDK may have changed: enough to know it
 * again. Two of which the same is left cannot be told apart.
 */
function unquoted(command: string): string {
  return command.replaceAll(/[\s'"\\]/g, '').replaceAll('</dev/null', '')
}
