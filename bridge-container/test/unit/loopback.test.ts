import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type LoopbackOptions, listenOnLoopback } from '../../src/bridge-server/loopback.ts'
import { systemClock } from '../../src/clock.ts'
import { silentLog } from '../../src/log.ts'

let folder: string
let servers: Server[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loop-'))
  servers = []
})

afterEach(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

const socketPath = () => join(folder, 'model.sock')

async function open(changes: Partial<LoopbackOptions> = {}): Promise<number> {
  const server = await listenOnLoopback({
    name: 'model',
    port: 0,
    socketPath: socketPath(),
    clock: systemClock,
    log: silentLog,
    ...changes,
  })
  servers.push(server)
  return (server.address() as AddressInfo).port
}

async function outside(serve: (socket: Socket) => void): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, serve)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(socketPath(), resolve))
}

/** Sends, ends its side, and returns what came back or how it was cut. */
function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.end(text)
  })
}

const echo = (socket: Socket) => {
  socket.pipe(socket)
}

test('passes bytes both ways, ends included', async () => {
  await outside(echo)
  const port = await open()

  expect(await ask(port, 'x'.repeat(300_000))).toHaveLength(300_000)
})

test('holds a connection until the door opens', async () => {
  const port = await open()
  const answer = ask(port, 'hello')
  await new Promise((resolve) => setTimeout(resolve, 150))

  await outside(echo)

  expect(await answer).toBe('hello')
})

test('resets what waited too long and what is too much', async () => {
  const port = await open({ maxHeld: 2, maxHoldMs: 200 })

  const answers = await Promise.all([ask(port, 'a'), ask(port, 'b'), ask(port, 'c')])

  expect(answers).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET'])
})

test('connections that passed or were given up make room for others', async () => {
  const port = await open({ maxHeld: 1, maxHoldMs: 100 })
  expect(await ask(port, 'a')).toBe('ECONNRESET')
  await outside(echo)

  expect(await ask(port, 'b')).toBe('b')
  expect(await ask(port, 'c')).toBe('c')
})
