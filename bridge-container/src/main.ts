import { fileURLToPath } from 'node:url'
import { ExitCode } from './exit-code.ts'
import { jsonLog, parseLogLevel, reasonOf } from './log.ts'

const [role = ''] = process.argv.slice(2)
const sandboxId = process.env.BERTH_SANDBOX_ID ?? ''
const logLevel = process.env.BERTH_LOG_LEVEL

const log = jsonLog({
  process: role,
  level: parseLogLevel(logLevel),
  write: (line) => process.stderr.write(line),
  timestamp: () => new Date().toISOString(),
})

async function run(): Promise<number> {
  if (sandboxId === '') {
    log.error('usage', { reason: 'BERTH_SANDBOX_ID: missing (expected: sb-…)' })
    return ExitCode.usage
  }
  switch (role) {
    case 'bridge':
      return (await import('./bridge.ts')).runBridge(sandboxId, log)
    case 'launcher':
      return launch()
    default:
      log.error('usage', { reason: `role: ${role} (expected: launcher or bridge)` })
      return ExitCode.usage
  }
}

async function launch(): Promise<number> {
  const { runLauncher } = await import('./launcher/launcher.ts')
  const { LAUNCHER_SOCKET } = await import('./launcher/protocol.ts')
  return runLauncher({
    socketPath: LAUNCHER_SOCKET,
    bridgeCommand: [
      process.execPath,
      '--no-warnings',
      '--max-old-space-size=512',
      '--max-semi-space-size=4',
      fileURLToPath(import.meta.url),
      'bridge',
    ],
    bridgeEnv: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: '/run/bridge',
      TMPDIR: '/run/bridge',
      LANG: 'C.UTF-8',
      BERTH_SANDBOX_ID: sandboxId,
      ...(logLevel === undefined ? {} : { BERTH_LOG_LEVEL: logLevel }),
    },
    log,
    onTerminate: (listener) => {
      process.once('SIGTERM', listener)
      process.once('SIGINT', listener)
    },
  })
}

function fault(thrown: unknown): void {
  log.error('fault', {
    reason: reasonOf(thrown),
    stack: thrown instanceof Error ? thrown.stack : null,
  })
  process.exit(ExitCode.fault)
}

process.on('warning', (warning) => log.warn('node', { reason: reasonOf(warning) }))
process.on('uncaughtException', fault)
process.on('unhandledRejection', fault)
process.exit(await run())
