import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decideAttach } from '../../src/bridge-server/attachment.ts'
import { createBackoff } from '../../src/bridge-server/backoff.ts'
import { Door, type SessionCommand } from '../../src/bridge-server/door.ts'
import { FrameLog } from '../../src/bridge-server/frame-log.ts'
import { createPressure } from '../../src/bridge-server/pressure.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'
import { Committed, FakeWorker, type WorkerOptions } from '../support/fake-worker.ts'

const SANDBOX = 'sb-0123456789abcdef'
const SESSION = '8f14e45f-ceea-467f-9575-6f1d2c1b9d1a'

let folder: string
let workers: FakeWorker[]
let door: Door
let frames: FrameLog
let commands: SessionCommand[]
let superseded: number

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'door-'))
  workers = []
  commands = []
  superseded = 0
  const pressure = createPressure()
  frames = new FrameLog({ pressure })
  door = new Door({
    socketPath: join(folder, 'control.sock'),
    sandboxId: SANDBOX,
    sdkVersion: '0.3.330',
    frames,
    pressure,
    clock: systemClock,
    log: silentLog,
    onAttached: () => {},
    onCommand: (command) => commands.push(command),
    onSuperseded: () => {
      superseded += 1
    },
    onGreeted: () => {},
  })
})

afterEach(() => {
  door.close()
  for (const worker of workers) worker.close()
  rmSync(folder, { recursive: true, force: true })
})

async function listen(changes: Partial<WorkerOptions> = {}): Promise<FakeWorker> {
  const worker = await FakeWorker.listen({
    socketPath: join(folder, 'control.sock'),
    sandboxId: SANDBOX,
    sessionId: SESSION,
    epoch: 1,
    attachment: 1,
    committed: new Committed(),
    ...changes,
  })
  workers.push(worker)
  return worker
}

function say(text: string): number {
  return door.sendDurable({ type: 'sdk_message', message: { type: 'assistant', text } })
}

test('what is said at once goes out in one write', async () => {
  const worker = await listen({ acknowledge: false })
  door.open()
  await worker.next('attached')

  say('a')
  say('b')
  await Promise.resolve()
  say('c')
  await worker.until(() => worker.all('sdk_message').length === 3, 'all three')

  expect(new Set(worker.chunksOf('sdk_message')).size).toBe(1)
})

test('says hello first, without a session, and waits for a worker that is not there yet', async () => {
  door.open()
  await new Promise((resolve) => setTimeout(resolve, 100))

  const worker = await listen()
  await worker.next('attached')

  expect(worker.received.map(({ frame }) => frame)).toEqual([
    {
      type: 'hello',
      protocol: 1,
      sandbox_id: SANDBOX,
      epoch: 0,
      next_frame: 1,
      sdk_version: '0.3.330',
    },
    { type: 'attached', attachment: 1 },
  ])
})

test('keeps what happens before the first worker comes', async () => {
  say('early')
  door.open()

  const worker = await listen()

  expect(await worker.next('sdk_message')).toMatchObject({ frame: 1 })
})

test('repeats what was not acknowledged, after what the worker says it has', async () => {
  const committed = new Committed()
  const first = await listen({ committed })
  door.open()
  await first.next('attached')
  say('one')
  await first.next('sdk_message')
  first.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  say('two')
  say('three')

  const second = await listen({ committed, attachment: 2 })
  await second.until(() => second.committed.frames.length === 3, 'three frames')

  expect(second.all('sdk_message').map(({ frame }) => frame)).toEqual([2, 3])
  expect(second.all('hello')[0]).toMatchObject({ session_id: SESSION, epoch: 1, next_frame: 4 })
})

test('obeys nobody before it is attached', async () => {
  const worker = await listen({ sandboxId: 'sb-ffffffffffffffff' })
  door.open()
  await worker.next('refused')

  worker.send({ type: 'interrupt', turn_id: 't' })
  await worker.until(() => worker.all('hello').length > 1, 'a second attempt')

  expect(commands).toEqual([])
})

test('hands commands on, and ignores what it does not know', async () => {
  const worker = await listen()
  door.open()
  await worker.next('attached')

  worker.send({ type: 'interrupt', turn_id: 't' })
  worker.send({ type: 'something_newer' } as never)
  worker.send({ type: 'shutdown', grace_ms: 1 })
  await worker.until(() => commands.length === 2, 'commands')

  expect(commands.map(({ type }) => type)).toEqual(['interrupt', 'shutdown'])
})

test('is superseded by a higher epoch even unattached, and by no lower one', async () => {
  const worker = await listen({ epoch: 3 })
  door.open()
  await worker.next('attached')

  worker.send({ type: 'superseded', epoch: 2 })
  worker.send({ type: 'interrupt', turn_id: 't' })
  await worker.until(() => commands.length === 1, 'a command')
  expect(superseded).toBe(0)

  worker.send({ type: 'superseded', epoch: 4 })
  await worker.until(() => superseded === 1, 'the end')
})

test('deltas go to a worker that is there and to nobody else', async () => {
  door.open()
  door.sendOnce({ type: 'delta', message: { n: 1 } })
  const worker = await listen()
  await worker.next('attached')

  door.sendOnce({ type: 'delta', message: { n: 2 } })

  expect(await worker.next('delta')).toEqual({ type: 'delta', message: { n: 2 } })
})

test('a backlog goes out as the worker reads it, in its order', async () => {
  for (let i = 0; i < 40; i += 1) say('x'.repeat(200_000))
  door.open()

  const worker = await listen()
  await worker.until(() => worker.committed.frames.length === 40, 'all of it')

  await worker.until(() => frames.firstFrame === 41, 'the acknowledgement')
})

test('a worker that does not keep up is spared the deltas of a message, and no frame', async () => {
  const delta = (type: string) => ({ type: 'delta' as const, message: { event: { type } } })
  const worker = await listen({ acknowledge: false })
  door.open()
  await worker.next('attached')
  worker.pause()
  for (let i = 0; i < 20; i += 1) say('x'.repeat(200_000))

  door.sendOnce(delta('message_start'))
  worker.resume()
  await worker.until(() => worker.all('sdk_message').length === 20, 'what is stored')
  door.sendOnce(delta('content_block_delta'))
  door.sendOnce(delta('message_start'))
  door.sendOnce(delta('content_block_delta'))
  await worker.until(() => worker.all('delta').length === 2, 'what streams now')

  expect(worker.all('delta')).toEqual([delta('message_start'), delta('content_block_delta')])
})

test.each([
  ['a first worker', undefined, {}, 'obey'],
  ['the same worker again', { epoch: 3, attachment: 7 }, {}, 'obey'],
  ['a higher attachment', { epoch: 3, attachment: 6 }, {}, 'obey'],
  ['a higher epoch, whatever its attachment', { epoch: 2, attachment: 99 }, {}, 'obey'],
  ['a lower attachment', { epoch: 3, attachment: 8 }, {}, 'refuse'],
  ['a lower epoch', { epoch: 4, attachment: 1 }, {}, 'refuse'],
  ['another sandbox', undefined, { sandbox_id: 'sb-other' }, 'refuse'],
  ['another session', { epoch: 1, attachment: 1 }, { session_id: 'other' }, 'refuse'],
  ['another version', undefined, { protocol: 2 }, 'refuse'],
] as const)('%s', (_, holder, changes, outcome) => {
  const command = {
    type: 'attach' as const,
    protocol: 1,
    sandbox_id: SANDBOX,
    session_id: SESSION,
    epoch: 3,
    attachment: 7,
    last_frame: 0,
    ...changes,
  }

  const decided = decideAttach(
    command,
    SANDBOX,
    holder === undefined ? undefined : { sessionId: SESSION, ...holder },
  )

  expect(decided.outcome).toBe(outcome)
})

test('waits between attempts twice as long each time, up to a second', () => {
  const backoff = createBackoff()
  const delays = Array.from({ length: 8 }, () => backoff.next())
  backoff.reset()

  expect(delays).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000])
  expect(backoff.next()).toBe(25)
})
