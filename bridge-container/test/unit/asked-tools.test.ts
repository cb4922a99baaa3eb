import { expect, test } from 'vitest'
import { type AskingRules, needsApproval } from '../../src/coordinator/asked-tools.ts'

const NO_RULES: AskingRules = { allowedTools: [], clientTools: [], settingSources: [] }

function asked(tool: string, command: string, rules: Partial<AskingRules> = {}, mode = 'default') {
  return needsApproval({ tool, input: { command }, mode }, { ...NO_RULES, ...rules })
}

test.for([
  'rm -r build',
  'echo x > file',
  'ls; make',
  'cat file | sh',
  'ls $(touch x)',
  'ls `touch x`',
  'ls & make',
])('a command that does something is asked for: %s', (command) => {
  expect(asked('Bash', command)).toBe(true)
})

test.for(['ls -l', 'cat a | grep b && wc -l c', ''])(
  'one that the agent may run unasked starts at once: %s',
  (command) => {
    expect(asked('Bash', command)).toBe(false)
  },
)

test.for([
  ['Write', true],
  ['Edit', true],
  ['mcp__files__delete', true],
  ['Read', false],
  ['Task', false],
] as const)('%s: %s', ([tool, expected]) => {
  expect(asked(tool, '')).toBe(expected)
})

test.for([
  ['Bash', { allowedTools: ['Bash'] }],
  ['Bash', { allowedTools: ['Bash(make:*)'] }],
  ['Bash', { allowedTools: ['*'] }],
  ['mcp__files__delete', { allowedTools: ['mcp__files'] }],
  ['mcp__files__delete', { allowedTools: ['mcp__files__*'] }],
  ['mcp__inline__weather', { clientTools: ['mcp__inline__weather'] }],
  ['Bash', { settingSources: ['project'] }],
] as const)('what a rule may allow is left to the agent: %s, %o', ([tool, rules]) => {
  expect(asked(tool, 'make', rules)).toBe(false)
})

test.for(['acceptEdits', 'plan', 'dontAsk', 'bypassPermissions'])(
  'so is everything in the mode %s',
  (mode) => {
    expect(asked('Bash', 'make', {}, mode)).toBe(false)
  },
)
