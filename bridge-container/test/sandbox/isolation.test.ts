import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ExitCode } from '../../src/exit-code.ts'
import { bash, openedSandbox, sleep, toolResults, turn, useSandboxes } from '../support/dialogue.ts'

const start = useSandboxes()

test('the agent is nobody and can reach nothing that is not its own', async () => {
  const { worker } = await openedSandbox(start)

  const processes = await bash(
    worker,
    'for p in /proc/[0-9]*; do echo "$(basename $p) $(stat -c %u $p) $(tr "\\0" " " < $p/cmdline)"; done',
  )
  const idOf = (role: string) =>
    processes
      .split('\n')
      .find((line) => line.includes(`main.js ${role}`) && !line.includes('docker-init'))
      ?.split(' ')
  const [bridge, bridgeUser] = idOf('bridge') ?? []
  const [launcher, launcherUser] = idOf('launcher') ?? []
  expect(bridgeUser).toBe('10001')
  expect(launcherUser).toBe('0')

  const who = await bash(worker, 'id; grep -E "^(Cap|NoNewPrivs)" /proc/self/status')
  expect(who).toMatch(/^uid=10002\(agent\) gid=10002\(agent\) groups=10002\(agent\)/)
  expect(who).toMatch(/CapInh:\s0+\n/)
  expect(who).toMatch(/CapPrm:\s0+\n/)
  expect(who).toMatch(/CapEff:\s0+\n/)
  expect(who).toMatch(/CapAmb:\s0+\n/)
  expect(who).toMatch(/NoNewPrivs:\s1/)

  const bridgeCaps = await bash(worker, `grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/${bridge}/status`)
  expect(bridgeCaps.match(/0000000000000000/g)).toHaveLength(4)

  const refused = [
    'ls /run/berth',
    'ls /run/launcher',
    'ls /run/bridge',
    'ls /var/spool/berth',
    "node -e \"require('net').connect('/run/launcher/launcher.sock').on('error', e => { console.log(e.code); process.exit(1) })\"",
    "node -e \"require('net').connect('/run/berth/control.sock').on('error', e => { console.log(e.code); process.exit(1) })\"",
    `cat /proc/${bridge}/environ`,
    `head -c1 /proc/${bridge}/mem`,
    `ls /proc/${bridge}/fd`,
    `ls /proc/${bridge}/root/run/berth`,
    `cat /proc/${launcher}/environ`,
    'cat /proc/1/environ',
    `kill -9 ${bridge}`,
    `kill -9 ${launcher}`,
    'kill -9 1',
    'setpriv --reuid 0 true',
    'setpriv --reuid 10001 true',
    'unshare --user true',
    'mount -t tmpfs none /mnt',
    'touch /opt/berth/dist/main.js',
    'touch /etc/made',
    'mknod /tmp/device c 1 3',
  ]
  for (const command of refused) {
    expect(await bash(worker, `${command} && echo WAS-POSSIBLE`), command).not.toContain(
      'WAS-POSSIBLE',
    )
  }

  const network = await bash(
    worker,
    'ls /sys/class/net; curl --noproxy "*" -sS -m 2 http://1.1.1.1/ && echo WAS-POSSIBLE',
  )
  expect(network).toMatch(/\blo\b/)
  expect(network).not.toMatch(/eth0|WAS-POSSIBLE/)

  const environment = await bash(worker, 'env')
  expect(environment.match(/BERTH_\w+=.*|.*\/run\/bridge.*/g)).toEqual([
    expect.stringMatching(/^BERTH_OPERATION_ID=toolu_\w+$/),
  ])
  expect(environment).toContain('ANTHROPIC_API_KEY=sandbox-has-no-key')
})

test('a command has the id of its own call, and nothing else asks for it in its place', async () => {
  const { worker } = await openedSandbox(start)

  const said = await bash(worker, 'echo "id: $BERTH_OPERATION_ID" | cat')
  const id = worker.all('tool_started').at(-1)?.tool_use_id
  expect(said).toContain(`id: ${id}`)

  // Somebody keeps the port busy and asks nonsense; commands run all the same.
  const busy = 'for n in $(seq 40); do (exec 3<>/dev/tcp/127.0.0.1/17003; sleep 1) & done'
  expect(
    await bash(
      worker,
      `${busy}; head -c 400000 /dev/zero > /dev/tcp/127.0.0.1/17003; wait; echo ran`,
    ),
  ).toContain('ran')
  const next = await bash(worker, 'echo "id: $BERTH_OPERATION_ID"')
  expect(next).toContain(`id: ${worker.all('tool_started').at(-1)?.tool_use_id}`)
})

test('A22: a fork bomb ends the turn inside and nothing outside', {
  timeout: 180_000,
}, async () => {
  const bombed = await openedSandbox(start)
  const neighbour = await openedSandbox(start)
  await turn(neighbour.worker, 'hello')

  bombed.worker.run(randomUUID(), 'bash: bomb() { bomb | bomb & }; bomb; sleep 1; echo over')
  await sleep(2_000)
  const asked = performance.now()
  const next = await turn(neighbour.worker, 'bash: echo fine')

  expect(next.stop_reason).toBe('end_turn')
  expect(performance.now() - asked).toBeLessThan(15_000)
  const heard = () => toolResults(bombed.worker.all('sdk_message')).join('\n')
  await bombed.worker.until(() => heard() !== '', 'a result of the bomb', 60_000)
  expect(heard()).toMatch(/fork|Resource temporarily unavailable/)
  bombed.worker.send({ type: 'shutdown', grace_ms: 500 })
  const code = await bombed.exitCode()
  expect([ExitCode.shutdown, ExitCode.agentExited]).toContain(code)
})

test('the tools that an agent expects are there', async () => {
  const { worker } = await openedSandbox(start)

  const said = await bash(
    worker,
    'cd /tmp && git init -q r && rg --version | head -1 && python3 -c "import ssl, sqlite3; print(1+1)" && ' +
      'echo {} | jq -c . && node -p "process.version" && npm --version && curl --version | head -1 && ' +
      'less --version | head -1 && ps -o pid= -p $$ && echo all-there',
  )

  expect(said).toContain('all-there')
})
