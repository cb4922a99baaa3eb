import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type DurableFrame, FrameLog } from '../../src/bridge-server/frame-log.ts'
import { createPressure } from '../../src/bridge-server/pressure.ts'
import { Spool } from '../../src/bridge-server/spool.ts'

function message(text: string): DurableFrame {
  return { type: 'sdk_message', message: { type: 'assistant', text } }
}

function spooling(limits: { readonly maxSpooledBytes?: number } = {}) {
  const file = join(mkdtempSync(join(tmpdir(), 'spool-')), 'frames')
  onTestFinished(() => rmSync(dirname(file), { recursive: true }))
  const pressure = createPressure()
  const spool = new Spool(file)
  return { file, pressure, frames: new FrameLog({ pressure, spool, maxBytes: 1_000, ...limits }) }
}

function lines(frames: FrameLog): Array<{ frame: number; message?: { text?: string } }> {
  const kept = []
  for (let frame = frames.firstFrame; frame < frames.nextFrame; frame += 1) {
    kept.push(JSON.parse(frames.line(frame)))
  }
  return kept
}

function numbers(frames: FrameLog): number[] {
  return lines(frames).map(({ frame }) => frame)
}

test('numbers frames from 1 without a gap and repeats what is not acknowledged', () => {
  const frames = new FrameLog({ pressure: createPressure() })

  for (const text of ['a', 'b', 'c', 'd']) frames.append(message(text))
  frames.acknowledge(2)

  expect(numbers(frames)).toEqual([3, 4])
  expect(frames.nextFrame).toBe(5)
})

test('an acknowledgement may come again, late, or for too much', () => {
  const frames = new FrameLog({ pressure: createPressure() })
  for (const text of ['a', 'b', 'c']) frames.append(message(text))

  frames.acknowledge(2)
  frames.acknowledge(1)
  frames.acknowledge(2)
  expect(numbers(frames)).toEqual([3])

  frames.acknowledge(99)
  frames.append(message('d'))
  expect(numbers(frames)).toEqual([4])
  expect(frames.bytesInMemory).toBeGreaterThan(0)
})

test('holds the agent back beyond its limit and lets it go at half of it', () => {
  const pressure = createPressure()
  const changes: boolean[] = []
  pressure.onChange((high) => changes.push(high))
  const frames = new FrameLog({ pressure, maxBytes: 1_000 })

  for (let i = 0; i < 4; i += 1) frames.append(message('x'.repeat(300)))
  expect(pressure.high).toBe(true)
  frames.append(message('still taken'))

  frames.acknowledge(1)
  expect(pressure.high).toBe(true)
  frames.acknowledge(3)
  expect(pressure.high).toBe(false)
  expect(changes).toEqual([true, false])
})

test('counts bytes, not characters', () => {
  const frames = new FrameLog({ pressure: createPressure() })

  const frame = frames.append(message('ü'.repeat(100)))
  expect(frames.bytesInMemory).toBe(Buffer.byteLength(frames.line(frame)))
  frames.acknowledge(1)

  expect(frames.bytesInMemory).toBe(0)
})

test('tells who waits when a frame is acknowledged', async () => {
  const frames = new FrameLog({ pressure: createPressure() })
  const frame = frames.append(message('a'))
  const told: number[] = []
  void frames.whenAcknowledged(frame).then(() => told.push(1))
  void frames.whenAcknowledged(frame).then(() => told.push(2))

  await Promise.resolve()
  expect(told).toEqual([])
  frames.acknowledge(frame)
  await frames.whenAcknowledged(frame)

  expect(told).toEqual([1, 2])
})

test('what no line can hold keeps its place in the log and says so', () => {
  const frames = new FrameLog({ pressure: createPressure(), maxLineBytes: 500 })
  const entry = { type: 'user', uuid: 'u1', parentUuid: 'u0', message: 'x'.repeat(600) }

  const frame = frames.append({ type: 'transcript_part', entries: [entry] })

  expect(frame).toBe(1)
  expect(JSON.parse(frames.line(frame)).entries).toEqual([
    { type: 'user', uuid: 'u1', parentUuid: 'u0', too_large_for_the_door: true },
  ])
})

test('what does not fit in memory waits on disk, and comes back as it was', () => {
  const { frames, file, pressure } = spooling()
  const texts = Array.from({ length: 20 }, (_, i) => `${i} ${'ü'.repeat(100)}`)

  for (const text of texts) frames.append(message(text))

  expect(frames.bytesInMemory).toBeLessThanOrEqual(1_000)
  expect(statSync(file).size).toBeGreaterThan(3_000)
  expect(pressure.high).toBe(false)
  frames.acknowledge(7)
  expect(lines(frames).map((line) => line.message?.text)).toEqual(texts.slice(7))
  frames.acknowledge(20)
  expect(statSync(file).size).toBe(0)
  expect(numbers(frames)).toEqual([])
})

test('a spool that is full holds the agent back until it is empty', () => {
  const { frames, pressure } = spooling({ maxSpooledBytes: 1_000 })

  for (let i = 0; i < 12; i += 1) frames.append(message('x'.repeat(200)))
  expect(pressure.high).toBe(true)

  frames.acknowledge(6)
  expect(pressure.high).toBe(true)
  frames.acknowledge(12)
  expect(pressure.high).toBe(false)
})

test('a disk that takes nothing leaves it in memory and holds the agent back', () => {
  const pressure = createPressure()
  const spool = new Spool('/nowhere/spool')
  const frames = new FrameLog({ pressure, spool, maxBytes: 1_000 })

  for (let i = 0; i < 6; i += 1) frames.append(message('x'.repeat(300)))

  expect(pressure.high).toBe(true)
  expect(numbers(frames)).toEqual([1, 2, 3, 4, 5, 6])
  frames.acknowledge(6)
  expect(pressure.high).toBe(false)
})

test('several causes of pressure do not release each other', () => {
  const pressure = createPressure()
  pressure.hold('a')
  pressure.hold('b')

  pressure.release('a')
  expect(pressure.high).toBe(true)
  pressure.release('b')
  pressure.release('b')

  expect(pressure.high).toBe(false)
})
