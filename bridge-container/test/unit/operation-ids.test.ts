import { beforeEach, expect, test } from 'vitest'
import { OperationIds } from '../../src/coordinator/operation-ids.ts'

let operations: OperationIds

beforeEach(() => {
  operations = new OperationIds()
})

const bash = (id: string, command: string, more: object = {}) =>
  operations.called(id, 'Bash', { command, ...more })

/** As the Agent SDK wraps a command. */
const shell = (quoted: string) =>
  `source /s.sh 2>/dev/null || true && shopt -u extglob || true && eval ${quoted} && pwd -P >| /tmp/claude-1-cwd`

test('a shell gets the id of the call whose command it runs, once', () => {
  bash('toolu_1', 'echo one')
  bash('toolu_2', `echo "it's" two`)

  expect(operations.of(shell(`'echo "it'"'"'s" two' < /dev/null`))).toBe('toolu_2')
  expect(operations.of(shell(`'echo "it'"'"'s" two' < /dev/null`))).toBeUndefined()
  expect(operations.of(shell("'echo one'"))).toBe('toolu_1')
})

test('a command that only begins like another one is not taken for it', () => {
  bash('toolu_1', 'ls')
  bash('toolu_2', 'ls -la')

  expect(operations.of(shell("'ls -la'"))).toBe('toolu_2')
  expect(operations.of(shell("'ls -l'"))).toBeUndefined()
})

test('of two calls that run at once and cannot be told apart, neither gets an id', () => {
  bash('toolu_1', 'date >> log')
  bash('toolu_2', 'date >> log')

  expect(operations.of(shell("'date >> log'"))).toBeUndefined()
  operations.ended('toolu_1', true)
  expect(operations.of(shell("'date >> log'"))).toBe('toolu_2')
})

test('a call that has ended, or never ran, has no shell any more', () => {
  bash('toolu_1', 'true')
  bash('toolu_2', 'false')
  operations.ended('toolu_1', true)
  operations.ended('toolu_2', false)

  expect(operations.of(shell("'true'"))).toBeUndefined()
  expect(operations.of(shell("'false'"))).toBeUndefined()
})

test('a call in the background ends before its shell asks', () => {
  bash('toolu_1', 'make', { run_in_background: true })
  operations.ended('toolu_1', true)

  expect(operations.of(shell("'make'"))).toBe('toolu_1')
})

test('other tools have no shell', () => {
  operations.called('toolu_1', 'Read', { command: 'ls' })

  expect(operations.of(shell("'ls'"))).toBeUndefined()
})

test.for(['', 'ls', '&& eval ', ' && pwd -P >| && eval ', 'x\0y'])(
  '%j is no shell of a call',
  (text) => {
    bash('toolu_1', '')

    expect(operations.of(text)).toBeUndefined()
  },
)

test('what nobody asks for does not pile up', () => {
  for (let call = 0; call < 1_000; call += 1) bash(`toolu_${call}`, `echo ${call}`)

  expect(operations.of(shell("'echo 0'"))).toBeUndefined()
  expect(operations.of(shell("'echo 999'"))).toBe('toolu_999')
})
