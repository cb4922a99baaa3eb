import { expect, test } from 'vitest'
import { lineReader } from '../../src/bridge-server/lines.ts'

function read(chunks: readonly string[], maxBytes = 100): { lines: string[]; overflows: number } {
  const lines: string[] = []
  let overflows = 0
  const feed = lineReader(maxBytes, {
    line: (text) => lines.push(text),
    overflow: () => {
      overflows += 1
    },
  })
  for (const chunk of chunks) feed(Buffer.from(chunk))
  return { lines, overflows }
}

test('cuts lines wherever the chunks end', () => {
  expect(read(['{"a', '":1}\n{"b":2}\n', '\n{"c"', ':', '3}', '\n', 'rest']).lines).toEqual([
    '{"a":1}',
    '{"b":2}',
    '{"c":3}',
  ])
})

test('keeps characters whole that a chunk cuts in two', () => {
  const bytes = Buffer.from('"grün"\n')
  const lines: string[] = []
  const feed = lineReader(100, { line: (text) => lines.push(text), overflow: () => {} })

  for (const byte of bytes) feed(Buffer.from([byte]))

  expect(lines).toEqual(['"grün"'])
})

test('gives up at a line beyond the limit, once, whether it is complete or not', () => {
  expect(read(['ok\n', 'x'.repeat(101), 'x\nmore\n'])).toEqual({ lines: ['ok'], overflows: 1 })
  expect(read([`${'x'.repeat(101)}\n`])).toEqual({ lines: [], overflows: 1 })
  expect(read([`${'x'.repeat(100)}\n`])).toEqual({ lines: ['x'.repeat(100)], overflows: 0 })
})
