import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Door } from './bridge-server/door.ts'
import { FrameLog } from './bridge-server/frame-log.ts'
import { listenOnLoopback } from './bridge-server/loopback.ts'
import { listenForOperations } from './bridge-server/operation-port.ts'
import { createPressure } from './bridge-server/pressure.ts'
import { CONTROL_SOCKET, EGRESS_SOCKET, MODEL_SOCKET } from './bridge-server/protocol.ts'
import { Spool } from './bridge-server/spool.ts'
import { systemClock } from './clock.ts'
import type { QueryFunction } from './coordinator/agent.ts'
import { Coordinator } from './coordinator/coordinator.ts'
import { isDiskFull } from './coordinator/disk.ts'
import {
  AGENT_HOME,
  EGRESS_PORT,
  MODEL_PORT,
  OPERATION_PORT,
  PROJECT_FOLDER,
} from './coordinator/layout.ts'
import { outOfMemoryKills } from './coordinator/memory.ts'
import { OperationIds } from './coordinator/operation-ids.ts'
import { ExitCode } from './exit-code.ts'
import { connectLauncher } from './launcher/client.ts'
import { LAUNCHER_SOCKET } from './launcher/protocol.ts'
import { type Log, reasonOf } from './log.ts'

const DOOR_FOLDER = '/run/berth'
const SPOOL_FOLDER = '/var/spool/berth'

const SDK = '@anthropic-ai/claude-agent-sdk'

/** Puts the bridge together; resolves with the code with which the process ends. */
export function runBridge(sandboxId: string, log: Log): Promise<ExitCode> {
  return new Promise((resolve) => {
    const clock = systemClock
    const pressure = createPressure()
    const frames = new FrameLog({ pressure, spool: new Spool(join(SPOOL_FOLDER, 'frames')) })
    const operations = new OperationIds()
    const loadQuery = once(async () => (await import(SDK)).query as QueryFunction)

    const door: Door = new Door({
      socketPath: join(DOOR_FOLDER, CONTROL_SOCKET),
      sandboxId,
      sdkVersion: sdkVersion(),
      frames,
      pressure,
      clock,
      log,
      onGreeted: () => setImmediate(() => void loadQuery()),
      onAttached: () => coordinator.attached(),
      onCommand: (command) => coordinator.obey(command),
      onSuperseded: () => coordinator.supersede(),
    })
    const launcher = connectLauncher({
      socketPath: LAUNCHER_SOCKET,
      onTerminate: () => coordinator.terminate(),
      onLost: () => resolve(ExitCode.launcherLost),
    })
    const coordinator = new Coordinator({
      clock,
      log,
      newId: randomUUID,
      timestamp: () => new Date().toISOString(),
      pressure,
      launcher,
      loadQuery,
      sessionId: () => door.holder?.sessionId ?? '',
      sendDurable: (frame) => door.sendDurable(frame),
      sendOnce: (frame) => door.sendOnce(frame),
      whenAcknowledged: (frame) => frames.whenAcknowledged(frame),
      outOfMemoryKills,
      diskFull: () => isDiskFull([AGENT_HOME, PROJECT_FOLDER]),
      operations,
      finish: (code) => {
        door.close()
        resolve(code)
      },
    })
    door.open()
    const failed = (name: string) => (error: unknown) => {
      log.error('loopback.failed', { name, reason: reasonOf(error) })
      resolve(ExitCode.fault)
    }
    const operationOf = (shell: string) => operations.of(shell)
    listenForOperations({ port: OPERATION_PORT, clock, log, operationOf }).catch(
      failed('operations'),
    )
    for (const [name, port, socket] of [
      ['model', MODEL_PORT, MODEL_SOCKET],
      ['egress', EGRESS_PORT, EGRESS_SOCKET],
    ] as const) {
      const socketPath = join(DOOR_FOLDER, socket)
      listenOnLoopback({ name, port, socketPath, clock, log }).catch(failed(name))
    }
  })
}

function sdkVersion(): string {
  const entry = createRequire(import.meta.url).resolve(SDK)
  const manifest = JSON.parse(readFileSync(join(dirname(entry), 'package.json'), 'utf8'))
  return String(manifest.version)
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    result ??= run()
    return result
  }
}
