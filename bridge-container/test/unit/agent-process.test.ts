import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPressure } from '../../src/bridge-server/pressure.ts'
import { asSpawnedProcess } from '../../src/launcher/agent-process.ts'
import type { ProcessExited } from '../../src/launcher/protocol.ts'
import { type ManualClock, manualClock, settled } from '../support/manual-clock.ts'

let folder: string
let server: Server
let inside: Socket
let outside: Socket
let clock: ManualClock
let exit: (exited: ProcessExited) => void

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'proc-'))
  clock = manualClock()
  const path = join(folder, 'stdio.sock')
  const accepted = new Promise<Socket>((resolve) => {
    server = createServer({ allowHalfOpen: true }, resolve)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  inside = connect({ path, allowHalfOpen: true })
  outside = await accepted
})

afterEach(() => {
  inside.destroy()
  outside.destroy()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

function start() {
  const pressure = createPressure()
  const signals: string[] = []
  const launched = {
    stdio: Promise.resolve(inside),
    exited: new Promise<ProcessExited>((resolve) => {
      exit = resolve
    }),
    signal: (signal: string) => signals.push(signal),
  }
  return { process: asSpawnedProcess(launched, pressure, clock), pressure, signals }
}

const EXITED = { type: 'exited', id: 'agent', code: 3, signal: null, stderr: '' } as const

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('input and output pass, ends included', async () => {
  const { process } = start()
  const heard: string[] = []
  outside.on('data', (chunk) => heard.push(String(chunk)))
  outside.on('end', () => outside.end('goodbye'))
  const read: string[] = []
  process.stdout.on('data', (chunk) => read.push(String(chunk)))

  process.stdin.write('hello')
  process.stdin.end()
  await until(() => process.stdout.readableEnded)

  expect(heard.join('')).toBe('hello')
  expect(read.join('')).toBe('goodbye')
})

test('under pressure the output is not read, so that the process stands still', async () => {
  const { process, pressure } = start()
  let read = 0
  process.stdout.on('data', (chunk: Buffer) => {
    read += chunk.length
  })
  pressure.hold('test')
  await settled()

  outside.write(Buffer.alloc(4 * 1024 * 1024))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(read).toBeLessThan(1024 * 1024)
  expect(outside.writableLength).toBeGreaterThan(0)

  pressure.release('test')
  await until(() => read === 4 * 1024 * 1024)
})

test('the exit is told, and output that somebody else holds open is cut', async () => {
  const { process } = start()
  const exits: unknown[] = []
  process.on('exit', (code, signal) => exits.push([code, signal]))
  process.stdout.resume()
  await settled()

  exit(EXITED)
  await settled()
  expect(exits).toEqual([[3, null]])
  expect(process.exitCode).toBe(3)
  expect(process.stdout.readableEnded).toBe(false)
  await clock.advance(1_000)
  await until(() => process.stdout.readableEnded)
})

test('signals go through the launcher', () => {
  const { process, signals } = start()

  process.kill('SIGKILL')
  process.kill('SIGHUP')

  expect(signals).toEqual(['SIGKILL', 'SIGTERM'])
  expect(process.killed).toBe(true)
})
