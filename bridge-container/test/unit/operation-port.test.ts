import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import {
  listenForOperations,
  type OperationPortOptions,
} from '../../src/bridge-server/operation-port.ts'
import { OPERATION_PORT } from '../../src/coordinator/layout.ts'
import { silentLog } from '../../src/log.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'

const SCRIPT = new URL('../../sandbox/operation-id', import.meta.url)

let server: Server
let clock: ManualClock
const asked: string[] = []

async function open(changes: Partial<OperationPortOptions> = {}): Promise<number> {
  clock = manualClock()
  asked.length = 0
  const operationOf = (shell: string) => {
    asked.push(shell)
    return shell.includes('nobody') ? undefined : 'toolu_1'
  }
  server = await listenForOperations({ port: 0, clock, log: silentLog, operationOf, ...changes })
  return (server.address() as AddressInfo).port
}

afterEach(() => {
  server.close()
})

function dial(port: number): Socket {
  return connect({ port, host: '127.0.0.1' }).on('error', () => {})
}

/** What came back until the port closed the connection. */
async function answered(socket: Socket): Promise<string> {
  let answer = ''
  socket.on('data', (chunk) => {
    answer += chunk
  })
  // Not once(): a connection that is reset has an error first.
  await new Promise((resolve) => socket.once('close', resolve))
  return answer
}

test('answers a question with the id, in however many pieces it comes', async () => {
  const socket = dial(await open())
  const answer = answered(socket)
  socket.write('eval ')
  socket.write("'ls'\0 and more")

  expect(await answer).toBe('toolu_1\n')
  expect(asked).toEqual(["eval 'ls'"])
})

test('who asks in vain gets an empty line', async () => {
  const socket = dial(await open())
  socket.write('nobody\0')

  expect(await answered(socket)).toBe('\n')
})

test('who does not ask in time is cut off', async () => {
  const port = await open()
  const accepted = once(server, 'connection')
  const socket = dial(port)
  const answer = answered(socket)
  await accepted
  await clock.advance(2_000)

  expect(await answer).toBe('')
})

test('who asks without an end is cut off', async () => {
  const socket = dial(await open())
  const answer = answered(socket)
  socket.write('x'.repeat(300 * 1024))

  expect(await answer).toBe('')
  expect(asked).toEqual([])
})

test('connections beyond the limit are closed, and those before them are served', async () => {
  const port = await open({ maxConnections: 1 })
  const first = dial(port)
  await once(server, 'connection')
  const refused = dial(port)

  expect(await answered(refused)).toBe('')
  const answer = answered(first)
  first.write('ls\0')
  expect(await answer).toBe('toolu_1\n')
})

/** The script of the image, as the Agent SDK puts it before a command, at another port. */
async function commandAfterScript(port: number, command: string): Promise<string> {
  const script = readFileSync(SCRIPT, 'utf8').trim()
  expect(script).toContain(`/${OPERATION_PORT} `)
  const shell = `true && ${script.replace(`/${OPERATION_PORT} `, `/${port} `)}\n: && eval '${command}'`
  const { stdout, stderr } = await promisify(execFile)('/bin/bash', ['--norc', '-c', shell], {
    env: { BERTH_OPERATION_ID: 'of another command' },
  })
  return stdout + stderr
}

test('a shell has the id in its environment', async () => {
  const said = await commandAfterScript(await open(), 'env | grep BERTH')

  expect(said).toBe('BERTH_OPERATION_ID=toolu_1\n')
  expect(asked[0]).toContain("eval 'env | grep BERTH'")
})

test('a shell has no id, and no trace of one, where there is no answer', async () => {
  const port = await open()
  expect(await commandAfterScript(port, 'echo nobody; env | grep BERTH; true')).toBe('nobody\n')

  server.close()
  expect(await commandAfterScript(port, 'env | grep BERTH; echo none')).toBe('none\n')
})
