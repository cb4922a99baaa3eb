/** A user of the sandbox image, who is also the only member of the group of the same number. */
export type SandboxUser = 'bridge' | 'agent'

const IDS: Readonly<Record<SandboxUser, number>> = { bridge: 10_001, agent: 10_002 }

const SETPRIV = '/usr/bin/setpriv'

export interface CommandLine {
  readonly command: string
  readonly args: string[]
}

/**
 * The command line that runs another one as that user without any capability. Changing the user in
 * `spawn` would not do: Node keeps inheritable and ambient capabilities across it.
 */
export function asUser(user: SandboxUser, command: string, args: readonly string[]): CommandLine {
  const id = IDS[user]
  return {
    command: SETPRIV,
    args: [
      `--reuid=${id}`,
      `--regid=${id}`,
      '--clear-groups',
      '--inh-caps=-all',
      '--ambient-caps=-all',
      '--',
      command,
      ...args,
    ],
  }
}

/** The same, begun in a folder that only that user may enter. */
export function asUserIn(
  user: SandboxUser,
  folder: string,
  command: string,
  args: readonly string[],
): CommandLine {
  return asUser(user, '/usr/bin/env', ['--chdir', folder, '--', command, ...args])
}
