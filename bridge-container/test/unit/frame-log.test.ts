import { expect, test } from 'vitest'
import { type DurableFrame, FrameLog } from '../../src/bridge-server/frame-log.ts'
import { createPressure } from '../../src/bridge-server/pressure.ts'

function message(text: string): DurableFrame {
  return { type: 'sdk_message', message: { type: 'assistant', text } }
}

function numbers(frames: FrameLog): number[] {
  return frames.unacknowledged().map((line) => JSON.parse(line).frame)
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
  expect(frames.unacknowledgedBytes).toBeGreaterThan(0)
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

  const { line } = frames.append(message('ü'.repeat(100)))
  expect(frames.unacknowledgedBytes).toBe(Buffer.byteLength(line))
  frames.acknowledge(1)

  expect(frames.unacknowledgedBytes).toBe(0)
})

test('tells who waits when a frame is acknowledged', async () => {
  const frames = new FrameLog({ pressure: createPressure() })
  const { frame } = frames.append(message('a'))
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

  const { frame, line } = frames.append({ type: 'transcript_part', entries: [entry] })

  expect(frame).toBe(1)
  expect(JSON.parse(line).entries).toEqual([
    { type: 'user', uuid: 'u1', parentUuid: 'u0', too_large_for_the_door: true },
  ])
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
