import { expect, test } from 'vitest'
import { CutCalls } from '../../src/coordinator/cut-calls.ts'
import { numbered } from '../support/ids.ts'

const NOW = '2026-11-29T12:00:00.000Z'

function use(id: string, uuid: string, message = 'msg_1') {
  const content = [{ type: 'tool_use', id, name: 'Bash', input: { command: id } }]
  return { type: 'assistant', uuid, cwd: '/w', sessionId: 's', message: { id: message, content } }
}

function result(id: string, uuid: string) {
  const content = [{ type: 'tool_result', tool_use_id: id, content: 'done' }]
  return { type: 'user', uuid, message: { content } }
}

interface Given {
  readonly entries: readonly unknown[]
  readonly asked: readonly (readonly [id: string, over?: boolean])[]
  readonly started?: readonly string[]
  readonly takesUp?: boolean
}

function finished({ asked, entries, started = [], takesUp = true }: Given) {
  const cut = new CutCalls({
    asked: asked.map(([tool_use_id, over = false]) => ({ tool_use_id, over })),
    started,
    takesUp,
    newId: numbered('new'),
  })
  for (const entry of entries) cut.read(entry)
  const added = cut.finish(NOW) as Record<string, unknown>[]
  const tells = (id: string) => cut.tells(id)
  return { added, takenUp: cut.takenUp, notTakenUp: cut.notTakenUp(), tells }
}

test('a call that waited is marked as deferred, behind the last entry', () => {
  const { added, notTakenUp, takenUp } = finished({
    entries: [use('a', 'u1')],
    asked: [['a']],
  })

  expect(added).toMatchObject([
    {
      type: 'attachment',
      parentUuid: 'u1',
      sessionId: 's',
      cwd: '/w',
      attachment: { type: 'hook_deferred_tool', toolUseID: 'a', toolInput: { command: 'a' } },
    },
  ])
  expect(takenUp).toBe('a')
  expect(notTakenUp).toEqual([])
})

test('the other calls of its message get results that say how they stand', () => {
  const { added, takenUp } = finished({
    entries: [use('a', 'u1'), use('b', 'u2'), use('c', 'u3'), use('d', 'u4'), result('d', 'u5')],
    asked: [['b']],
    started: ['a', 'd'],
  })

  expect(added).toMatchObject([
    {
      type: 'user',
      parentUuid: 'u1',
      message: { content: [{ tool_use_id: 'a', content: expect.stringContaining('unknown') }] },
    },
    {
      type: 'user',
      parentUuid: 'u3',
      message: { content: [{ tool_use_id: 'c', content: expect.stringContaining('did not run') }] },
    },
    { type: 'attachment', parentUuid: added[1]?.uuid, attachment: { toolUseID: 'b' } },
  ])
  expect(takenUp).toBe('b')
})

test('of several calls that waited the first goes on, and the others are given up', () => {
  const { added, notTakenUp, takenUp } = finished({
    entries: [use('a', 'u1'), use('b', 'u2')],
    asked: [['a'], ['b']],
  })

  expect(takenUp).toBe('a')
  expect(notTakenUp).toEqual(['b'])
  expect(added).toMatchObject([
    { message: { content: [{ tool_use_id: 'b', is_error: true }] } },
    { attachment: { toolUseID: 'a' } },
  ])
})

test('a call that the transcript does not know is given up', () => {
  const { added, notTakenUp, takenUp } = finished({ entries: [], asked: [['a']] })

  expect(added).toEqual([])
  expect(takenUp).toBeUndefined()
  expect(notTakenUp).toEqual(['a'])
})

test('a call that is over is told as one that did not run', () => {
  const { added, notTakenUp, takenUp } = finished({
    entries: [use('a', 'u1')],
    asked: [['a', true]],
    takesUp: false,
  })

  expect(added).toMatchObject([{ message: { content: [{ tool_use_id: 'a' }] } }])
  expect(takenUp).toBeUndefined()
  expect(notTakenUp).toEqual([])
})

test('what an earlier sandbox added is not added again', () => {
  const entries = [use('a', 'u1')]
  const before = finished({ entries, asked: [['a']] })

  const { added, takenUp } = finished({ entries: [...entries, ...before.added], asked: [['a']] })

  expect(added).toEqual([])
  expect(takenUp).toBe('a')
})

test.for([
  ['began', ['a'], true, 'the outcome is unknown'],
  ['never began', [], true, 'did not run'],
  ['may have begun, in a turn that is over,', [], false, 'the outcome is unknown'],
] as const)('a marked call that %s gets a result', ([, started, takesUp, text]) => {
  const entries = [use('a', 'u1')]
  const { added: mark } = finished({ entries, asked: [['a']] })

  const { added, takenUp, tells } = finished({
    entries: [...entries, ...mark],
    asked: [],
    started,
    takesUp,
  })

  expect(added).toMatchObject([
    { message: { content: [{ tool_use_id: 'a', content: expect.stringContaining(text) }] } },
  ])
  expect(takenUp).toBeUndefined()
  expect(tells('a')).toBe(true)
})

test('a marked call that was told of is not told of again', () => {
  const marked = [use('a', 'u1'), ...finished({ entries: [use('a', 'u1')], asked: [['a']] }).added]
  const { added: told } = finished({ entries: marked, asked: [], started: ['a'] })

  const { added, tells } = finished({ entries: [...marked, ...told], asked: [], started: ['a'] })

  expect(added).toEqual([])
  expect(tells('a')).toBe(true)
})

test('calls of other messages, and of subagents, are left alone', () => {
  const { added } = finished({
    entries: [use('x', 'u0', 'msg_0'), { ...use('y', 'u1'), isSidechain: true }, use('a', 'u2')],
    asked: [['a'], ['y']],
  })

  expect(added).toMatchObject([{ attachment: { toolUseID: 'a' } }])
})
