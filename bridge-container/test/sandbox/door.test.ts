import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openedSandbox, sleep, turn, useSandboxes } from '../support/dialogue.ts'
import { Committed } from '../support/fake-worker.ts'
import { docker } from '../support/sandbox.ts'

const start = useSandboxes()

test('the agent does not notice that its worker restarts, and no frame is lost', async () => {
  const sandbox = await openedSandbox(start)
  const first = sandbox.worker
  const message = randomUUID()
  first.run(message, 'bash: for i in 1 2 3 4 5 6; do echo $i >> steps; sleep 0.3; done; cat steps')
  await first.next('sdk_message', ({ message: said }) => JSON.stringify(said).includes('tool_use'))
  first.close()
  await sleep(1_500)

  const second = await sandbox.listen({ committed: first.committed })
  const ended = await second.next('turn_ended')

  expect(ended).toMatchObject({ turn_id: message, stop_reason: 'end_turn' })
  expect(sandbox.model.transcript()).toContain('1\\n2\\n3\\n4\\n5\\n6')
  const numbers = second.committed.frames.map(({ frame }) => frame)
  expect(numbers).toEqual(numbers.map((_, index) => index + 1))
})

test('frames that nobody acknowledged are repeated word for word', async () => {
  const sandbox = await openedSandbox(start)
  const deaf = new Committed()
  sandbox.worker.close()
  const first = await sandbox.listen({ committed: deaf, acknowledge: false })
  await first.next('attached')
  const ended = await turn(first, 'hello')
  const said = first.received.map(({ frame }) => frame).filter((frame) => 'frame' in frame)
  first.close()

  const second = await sandbox.listen({ committed: deaf })
  await second.until(() => second.committed.frames.length >= ended.frame, 'all frames')

  expect(second.committed.frames.slice(0, said.length)).toEqual(said)
})

test('a worker with a lower attachment or epoch is refused', async () => {
  const sandbox = await openedSandbox(start)
  await turn(sandbox.worker, 'hello')
  const { committed } = sandbox.worker
  sandbox.worker.close()

  const stale = await sandbox.listen({ attachment: 0, committed })
  const refused = await stale.next('refused')
  stale.close()
  const older = await sandbox.listen({ epoch: 0, attachment: 9, committed })
  const refusedAgain = await older.next('refused')
  older.close()
  const right = await sandbox.listen({ committed })

  expect(refused).toMatchObject({ epoch: 1, attachment: 1 })
  expect(refusedAgain).toMatchObject({ epoch: 1, attachment: 1 })
  expect(await right.next('attached')).toMatchObject({ attachment: 4 })
  expect((await turn(right, 'hello')).stop_reason).toBe('end_turn')
})

test('a worker that fell silent is left after three seconds', async () => {
  const sandbox = await openedSandbox(start)
  await turn(sandbox.worker, 'hello')
  const { committed } = sandbox.worker
  const silentSince = performance.now()
  sandbox.worker.pause()

  const next = await sandbox.listen({ committed })
  await next.next('attached')

  const waited = performance.now() - silentSince
  expect(waited).toBeGreaterThan(2_900)
  expect(waited).toBeLessThan(12_000)
})

test('a request to the model waits while the door is away', async () => {
  const sandbox = await start()
  sandbox.model.close()
  await sandbox.worker.next('attached')
  const { agentOptions } = await import('../support/options.ts')
  sandbox.worker.open(agentOptions())
  const running = turn(sandbox.worker, 'hello')
  await sandbox.worker.next('sdk_message', ({ message }) =>
    JSON.stringify(message).includes('"init"'),
  )
  await sleep(2_000)

  await sandbox.listenAsModel()

  expect((await running).stop_reason).toBe('end_turn')
  expect(sandbox.model.requests).toHaveLength(1)
})

test('the egress port passes bytes on and is closed while nobody listens', async () => {
  const sandbox = await openedSandbox(start)
  const { createServer } = await import('node:net')
  const { chownSync } = await import('node:fs')
  const seen: string[] = []
  const proxy = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (chunk) => {
      seen.push(String(chunk))
      socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 6\r\n\r\nclosed')
    })
  })
  const path = `${sandbox.door}/egress.sock`
  await new Promise<void>((resolve) => proxy.listen(path, resolve))
  chownSync(path, 10_001, 10_001)

  await turn(
    sandbox.worker,
    'bash: curl -sS -m 5 http://example.test/; curl -sS -m 5 https://example.test/',
  )
  proxy.close()

  expect(seen[0]).toContain('GET http://example.test/')
  expect(seen[1]).toContain('CONNECT example.test:443')
})

test('the bridge has a folder on the disk of the host for what it cannot deliver', async () => {
  const sandbox = await openedSandbox(start)

  await docker('exec', '--user', '10001', sandbox.container, 'touch', '/var/spool/berth/probe')

  expect(readdirSync(sandbox.spool)).toEqual(['probe'])
})
