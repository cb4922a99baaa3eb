import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  type AgentFiles,
  createAgentFiles,
  WriterKilled,
} from '../../src/coordinator/agent-files.ts'
import type { Launcher } from '../../src/launcher/client.ts'
import type { ProcessExited } from '../../src/launcher/protocol.ts'
import { numbered } from '../support/ids.ts'

let folder: string
let files: AgentFiles
let kill: () => void

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-'))
  files = createAgentFiles(realLauncher(), numbered('id'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Starts the process as the launcher does, but as nobody else. */
function realLauncher(): Launcher {
  return {
    spawn({ args, command, env, id }) {
      const child = spawn(command, [...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
      child.stdin.on('error', () => {})
      kill = () => child.kill('SIGKILL')
      return {
        stdio: joined(child.stdin, child),
        exited: new Promise<ProcessExited>((resolve) => {
          let stderr = ''
          child.stderr.on('data', (chunk) => {
            stderr += chunk
          })
          child.on('close', (code, signal) => resolve({ type: 'exited', id, code, signal, stderr }))
        }),
        signal: (signal) => child.kill(signal),
      }
    },
    sweep() {},
  }
}

async function joined(stdin: NodeJS.WritableStream, child: NodeJS.EventEmitter): Promise<Socket> {
  const path = join(folder, 'stdio.sock')
  const accepted = new Promise<Socket>((resolve) => {
    const server = createServer((socket) => {
      server.close()
      resolve(socket)
    }).listen(path)
  })
  const mine = connect(path)
  const outside = await accepted
  outside.on('error', () => {})
  outside.pipe(stdin)
  child.on('exit', () => outside.destroy())
  return mine
}

test('a file is there, whole, when it is finished', async () => {
  const file = files.create(join(folder, 'deep', 'a.jsonl'))
  await file.write('one\n')
  await file.write('two\n')
  await file.finish()

  expect(readFileSync(join(folder, 'deep', 'a.jsonl'), 'utf8')).toBe('one\ntwo\n')
})

test('a file that cannot be written says why', async () => {
  const file = files.create('/dev/null/a.jsonl')

  await expect(file.finish()).rejects.toThrow(/could not write \/dev\/null\/a.jsonl: .*directory/i)
})

test('a writer that is killed is told apart, between two writes and in one', async () => {
  const file = files.create(join(folder, 'a.jsonl'))
  await file.write('one\n')
  kill()
  await expect(file.finish()).rejects.toThrow(WriterKilled)

  const other = files.create(join(folder, 'b.jsonl'))
  await other.write('one\n')
  const writing = (async () => {
    while (true) await other.write('x'.repeat(1024 * 1024))
  })()
  kill()
  await expect(writing).rejects.toThrow(WriterKilled)
})
