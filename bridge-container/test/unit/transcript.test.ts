import { expect, test } from 'vitest'
import type { DurableFrame } from '../../src/bridge-server/frame-log.ts'
import type { AgentFiles } from '../../src/coordinator/agent-files.ts'
import { CutCalls } from '../../src/coordinator/cut-calls.ts'
import { createTranscriptLoader } from '../../src/coordinator/transcript-loader.ts'
import { createTranscriptMirror } from '../../src/coordinator/transcript-mirror.ts'
import { TranscriptOutcomes } from '../../src/coordinator/transcript-outcomes.ts'
import { restoreTranscript } from '../../src/coordinator/transcript-restore.ts'
import type { LoadTranscript } from '../../src/generated/bridge-frame.ts'
import { numbered } from '../support/ids.ts'
import { settled } from '../support/manual-clock.ts'

const KEY = { projectKey: 'p', sessionId: 's' }

function mirror() {
  const sent: DurableFrame[] = []
  return { sent, store: createTranscriptMirror((frame) => sent.push(frame)) }
}

test('entries have left, in their order, when the SDK goes on', async () => {
  const { sent, store } = mirror()
  const entries = [{ type: 'user', uuid: '1' }, { type: 'mode' }]

  await store.append({ ...KEY, subpath: 'subagents/agent-1' }, entries)
  await store.append(KEY, [{ type: 'last' }])

  expect(sent).toEqual([
    { type: 'transcript_part', subpath: 'subagents/agent-1', entries },
    { type: 'transcript_part', entries: [{ type: 'last' }] },
  ])
})

test('a large batch is cut into parts of a bearable size', async () => {
  const { sent, store } = mirror()
  const entries = Array.from({ length: 10 }, (_, n) => ({
    type: 'user',
    n,
    text: 'x'.repeat(2 ** 20),
  }))

  await store.append(KEY, entries)

  expect(sent.length).toBeGreaterThan(2)
  expect(sent.flatMap((frame) => (frame.type === 'transcript_part' ? frame.entries : []))).toEqual(
    entries,
  )
})

/** Files that are only remembered. */
function rememberedFiles() {
  const written = new Map<string, string>()
  const files: AgentFiles = {
    create(path) {
      let text = ''
      return {
        write: async (more) => {
          text += more
        },
        finish: async () => {
          written.set(path, text)
        },
        abandon: async () => {},
      }
    },
  }
  return { files, written }
}

function restore() {
  const asked: LoadTranscript[] = []
  const loader = createTranscriptLoader({
    newId: numbered('r'),
    ask: (frame) => asked.push(frame),
  })
  const { files, written } = rememberedFiles()
  const outcomes = new TranscriptOutcomes()
  const cut = new CutCalls({ asked: [], started: [], takesUp: false, newId: numbered('n') })
  const timestamp = () => '2026-11-29T12:00:00.000Z'
  const restored = restoreTranscript({ sessionId: 's', loader, files, outcomes, cut, timestamp })
  const page = (request_id: string, entries: unknown[], last: boolean, subpaths: string[] = []) =>
    loader.page({ type: 'transcript_page', request_id, found: true, entries, subpaths, last })
  return { asked, loader, outcomes, page, restored, written }
}

const FOLDER = '/home/agent/.claude/projects/-workspace-project'

test('transcripts are laid out where the agent looks for them', async () => {
  const { asked, page, restored, written } = restore()
  page('r1', [{ type: 'user', uuid: '1' }], false)
  page('r1', [{ type: 'assistant', uuid: '2' }], true, [
    'subagents/agent-1',
    '../evil',
    '/evil',
    '',
  ])
  await settled()
  page(
    'r2',
    [{ type: 'agent_metadata', n: 1 }, { type: 'user' }, { type: 'agent_metadata', n: 2 }],
    true,
  )

  expect(await restored).toBe('conversation')
  expect(asked).toEqual([
    { type: 'load_transcript', request_id: 'r1' },
    { type: 'load_transcript', request_id: 'r2', subpath: 'subagents/agent-1' },
  ])
  expect(Object.fromEntries(written)).toEqual({
    [`${FOLDER}/s.jsonl`]: '{"type":"user","uuid":"1"}\n{"type":"assistant","uuid":"2"}\n',
    [`${FOLDER}/s/subagents/agent-1.jsonl`]: '{"type":"user"}\n',
    [`${FOLDER}/s/subagents/agent-1.meta.json`]: '{"n":2}',
  })
})

test('after a reconnection a transcript comes again from its beginning', async () => {
  const { asked, loader, page, restored, written } = restore()
  page('r1', [{ type: 'user', uuid: 'half' }], false)
  await settled()

  loader.attached()
  page('r1', [{ type: 'user', uuid: 'late' }], true)
  page('r2', [{ type: 'user', uuid: 'whole' }], true)

  expect(await restored).toBe('conversation')
  expect(asked.map(({ request_id }) => request_id)).toEqual(['r1', 'r2'])
  expect(written.get(`${FOLDER}/s.jsonl`)).toBe('{"type":"user","uuid":"whole"}\n')
})

test('a transcript without a message is not laid out, nor are its subagents', async () => {
  const { asked, page, restored, written } = restore()
  page('r1', [{ type: 'queue-operation', operation: 'enqueue' }], true, ['subagents/agent-1'])

  expect(await restored).toBe('unspoken')
  expect(asked).toHaveLength(1)
  expect(written.size).toBe(0)
})

test('what was never stored is not found', async () => {
  const { loader, restored, written } = restore()

  loader.page({
    type: 'transcript_page',
    request_id: 'r1',
    found: false,
    entries: [],
    subpaths: [],
    last: true,
  })

  expect(await restored).toBe('missing')
  expect(written.size).toBe(0)
})

const prompt = (uuid: string) => ({ type: 'user', uuid, message: { role: 'user', content: 'hi' } })
const said = (stop_reason: string | null, more: object = {}) => ({
  type: 'assistant',
  message: { role: 'assistant', stop_reason, content: [] },
  ...more,
})
const toolResult = {
  type: 'user',
  uuid: 'x',
  message: { role: 'user', content: [{ type: 'tool_result' }] },
}
const interruption = {
  type: 'user',
  uuid: 'y',
  message: { role: 'user', content: [{ type: 'text', text: '[Request interrupted by user]' }] },
}
const resumed = { type: 'user', uuid: 'z', isMeta: true, message: { content: 'Continue.' } }

const spoke = (text: string, stop_reason: string) => ({
  type: 'assistant',
  message: { role: 'assistant', stop_reason, content: [{ type: 'text', text }] },
})

test('W: an answer is remembered with the end of its turn, and not one that calls a tool', () => {
  const outcomes = new TranscriptOutcomes()
  const entries = [
    prompt('m'),
    spoke('Look.', 'tool_use'),
    said('tool_use'),
    toolResult,
    spoke('All of it.', 'end_turn'),
    prompt('n'),
    spoke('Look.', 'tool_use'),
  ]

  for (const entry of entries) outcomes.read(entry)

  expect(outcomes.of('m')).toEqual({ ended: 'end_turn', answer: 'All of it.' })
  expect(outcomes.of('n')).toEqual({ ended: undefined })
})

test.each([
  ['answered', [prompt('m'), said('tool_use'), toolResult, said('end_turn')], 'end_turn'],
  ['refused', [prompt('m'), said('refusal')], 'refusal'],
  ['failed', [prompt('m'), said('stop_sequence', { isApiErrorMessage: true })], 'model_error'],
  ['interrupted', [prompt('m'), said('tool_use'), toolResult, interruption], 'interrupted'],
  ['cut before the answer', [prompt('m')], undefined],
  ['cut in a tool', [prompt('m'), said('tool_use')], undefined],
  ['cut after a tool', [prompt('m'), said('tool_use'), toolResult], undefined],
  ['continued', [prompt('m'), said('tool_use'), toolResult, resumed, said('end_turn')], 'end_turn'],
  [
    'followed by another',
    [prompt('m'), said('end_turn'), prompt('n'), said('tool_use')],
    'end_turn',
  ],
  [
    'with a subagent',
    [prompt('m'), said('tool_use'), said('end_turn', { isSidechain: true })],
    undefined,
  ],
  [
    'ended by its output',
    [
      prompt('m'),
      said('tool_use'),
      toolResult,
      { type: 'attachment', attachment: { type: 'structured_output' } },
    ],
    'end_turn',
  ],
  [
    'filled up by the agent',
    [
      prompt('m'),
      said('tool_use'),
      toolResult,
      { type: 'assistant', message: { model: '<synthetic>', stop_reason: 'stop_sequence' } },
    ],
    undefined,
  ],
])('a stored turn that was %s', (_, entries, ended) => {
  const outcomes = new TranscriptOutcomes()

  for (const entry of [{ type: 'mode' }, null, ...entries]) outcomes.read(entry)

  expect(outcomes.of('m')).toEqual({ ended })
  expect(outcomes.of('unknown')).toBeUndefined()
})
