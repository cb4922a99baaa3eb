import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ExitCode } from '../../src/exit-code.ts'
import {
  bash,
  LONG_COMMAND,
  openedSandbox,
  sleep,
  turn,
  useSandboxes,
} from '../support/dialogue.ts'
import { docker, Sandbox } from '../support/sandbox.ts'

const start = useSandboxes()

test('an idle sandbox shuts down at once, with its transcript complete', async () => {
  const sandbox = await openedSandbox(start)
  await turn(sandbox.worker, 'hello')

  const asked = performance.now()
  sandbox.worker.send({ type: 'shutdown', grace_ms: 30_000 })
  const code = await sandbox.exitCode()

  expect(code).toBe(ExitCode.shutdown)
  expect(performance.now() - asked).toBeLessThan(15_000)
  const types = JSON.stringify(sandbox.worker.committed.transcript.get(''))
  expect(types).toContain('cost-state')
  expect(sandbox.worker.all('agent_exited')).toEqual([])
})

test('a shutdown in mid-turn ends the agent in order and closes the turn', async () => {
  const sandbox = await openedSandbox(start)
  const message = randomUUID()
  sandbox.worker.run(message, `bash: ${LONG_COMMAND}`)
  await sandbox.worker.next('sdk_message', ({ message: m }) =>
    JSON.stringify(m).includes('tool_use'),
  )
  await sleep(500)

  sandbox.worker.send({ type: 'shutdown', grace_ms: 5_000 })
  const ended = await sandbox.worker.next('turn_ended')

  expect(await sandbox.exitCode()).toBe(ExitCode.shutdown)
  expect(ended).toMatchObject({ turn_id: message, stop_reason: 'closed' })
  expect(JSON.stringify(sandbox.worker.committed.transcript.get(''))).toContain('cost-state')
})

test('an agent that ignores the request is killed when the grace is over', async () => {
  const sandbox = await openedSandbox(start)
  sandbox.worker.run(randomUUID(), 'bash: kill -STOP $PPID')
  await sandbox.worker.next('sdk_message', ({ message: m }) =>
    JSON.stringify(m).includes('tool_use'),
  )
  await sleep(500)

  const asked = performance.now()
  sandbox.worker.send({ type: 'shutdown', grace_ms: 1_000 })

  expect(await sandbox.exitCode()).toBe(ExitCode.shutdown)
  expect(performance.now() - asked).toBeLessThan(20_000)
})

test('an agent that is killed inside ends the sandbox and leaves its turn open', async () => {
  const sandbox = await openedSandbox(start)
  sandbox.worker.run(randomUUID(), 'bash: kill -KILL $PPID')

  const exited = await sandbox.worker.next('agent_exited')

  expect(await sandbox.exitCode()).toBe(ExitCode.agentExited)
  expect(exited).toMatchObject({ exit_code: null, signal: 'SIGKILL' })
  expect(sandbox.worker.all('turn_ended')).toEqual([])
})

test('who is superseded ends at once', async () => {
  const sandbox = await openedSandbox(start)
  sandbox.worker.run(randomUUID(), `bash: ${LONG_COMMAND}`)
  await sandbox.worker.next('delta')

  sandbox.worker.send({ type: 'superseded', epoch: 2 })

  expect(await sandbox.exitCode()).toBe(ExitCode.superseded)
  expect(sandbox.worker.all('turn_ended')).toEqual([])
})

test('a stop of the container ends the agent in order and leaves the turn open', async () => {
  const sandbox = await openedSandbox(start)
  sandbox.worker.run(randomUUID(), `bash: ${LONG_COMMAND}`)
  await sandbox.worker.next('sdk_message', ({ message: m }) =>
    JSON.stringify(m).includes('tool_use'),
  )
  await sleep(500)

  await docker('stop', '--time', '10', sandbox.container)

  expect(await sandbox.exitCode()).toBe(ExitCode.shutdown)
  expect(sandbox.worker.all('turn_ended')).toEqual([])
  expect(JSON.stringify(sandbox.worker.committed.transcript.get(''))).toContain('cost-state')
})

test('the agent does not outlive its bridge', async () => {
  const sandbox = await openedSandbox(start)
  sandbox.worker.run(randomUUID(), `bash: ${LONG_COMMAND}`)
  await sandbox.worker.next('sdk_message', ({ message: m }) =>
    JSON.stringify(m).includes('tool_use'),
  )

  const processes = await docker('top', sandbox.container, '-o', 'pid,args')
  const bridge = processes.split('\n').find((line) => line.includes('main.js bridge'))
  process.kill(Number(bridge?.trim().split(/\s+/)[0]), 'SIGKILL')

  expect(await sandbox.exitCode()).toBe(128 + 9)
})

test('a sandbox without an id does not start', async () => {
  const run = docker('run', '--rm', '--network', 'none', process.env.BERTH_SANDBOX_IMAGE ?? '')

  await expect(run).rejects.toMatchObject({ code: ExitCode.usage })
})

test('a full disk ends the turn with that reason', async () => {
  const sandbox = new Sandbox()
  execFileSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    'size=6m,uid=10002,gid=10002,mode=0700',
    'none',
    sandbox.home,
  ])
  try {
    await sandbox.listen()
    await sandbox.listenAsModel()
    await sandbox.run()
    await sandbox.worker.next('attached')
    const { agentOptions } = await import('../support/options.ts')
    sandbox.worker.open(agentOptions())
    await turn(sandbox.worker, 'hello')

    await bash(sandbox.worker, 'head -c 20M /dev/zero > /home/agent/filler; kill -KILL $PPID')
    const exited = await sandbox.worker.next('agent_exited')

    expect(exited.signal).toBe('SIGKILL')
    expect(sandbox.worker.all('turn_ended').at(-1)).toMatchObject({
      stop_reason: 'disk_full',
      problem: { type: 'disk_full' },
    })
  } finally {
    await docker('rm', '--force', sandbox.container)
    execFileSync('umount', [sandbox.home])
    await sandbox.remove()
  }
})
