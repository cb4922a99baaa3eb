import { execFile } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Committed, FakeWorker, type WorkerOptions } from './fake-worker.ts'
import { listenAsModel, type StubModel } from './stub-model.ts'

const run = promisify(execFile)

const BRIDGE = 10_001
const AGENT = 10_002

export async function docker(...args: string[]): Promise<string> {
  return (await run('docker', args, { maxBuffer: 64 * 1024 * 1024 })).stdout.trim()
}

export interface SandboxOptions {
  readonly sessionId?: string
  readonly epoch?: number
  readonly committed?: Committed
  readonly stored?: ReadonlyMap<string, readonly unknown[]>
  /** Takes over the folders of an earlier sandbox. */
  readonly workspace?: string
  readonly image?: string
}

/** A sandbox as the host's worker runs one, with a worker and a model at its door. */
export class Sandbox {
  readonly id = `sb-${randomBytes(8).toString('hex')}`
  readonly container = `berth-test-${this.id}`
  readonly folder = mkdtempSync(join(tmpdir(), 'bw-'))
  readonly door = join(this.folder, 'door')
  readonly home = join(this.folder, 'home')
  readonly spool = join(this.folder, 'spool')
  readonly workspace: string
  readonly sessionId: string
  readonly #options: SandboxOptions
  #attachment = 1
  worker!: FakeWorker
  model!: StubModel

  constructor(options: SandboxOptions = {}) {
    this.#options = options
    this.sessionId = options.sessionId ?? randomUUID()
    this.workspace = options.workspace ?? join(this.folder, 'workspace')
    for (const [path, owner] of [
      [this.door, BRIDGE],
      [this.spool, BRIDGE],
      [this.home, AGENT],
      [this.workspace, AGENT],
      [join(this.workspace, 'project'), AGENT],
    ] as const) {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      chownSync(path, owner, owner)
    }
  }

  /** A worker at the door; the next one has a higher attachment. */
  async listen(changes: Partial<WorkerOptions> = {}): Promise<FakeWorker> {
    const socketPath = join(this.door, 'control.sock')
    this.worker = await FakeWorker.listen({
      socketPath,
      sandboxId: this.id,
      sessionId: this.sessionId,
      epoch: this.#options.epoch ?? 1,
      attachment: this.#attachment,
      committed: this.#options.committed ?? new Committed(),
      ...(this.#options.stored === undefined ? {} : { stored: this.#options.stored }),
      ...changes,
    })
    this.#attachment += 1
    chownSync(socketPath, BRIDGE, BRIDGE)
    return this.worker
  }

  async listenAsModel(): Promise<void> {
    const socketPath = join(this.door, 'model.sock')
    rmSync(socketPath, { force: true })
    this.model = await listenAsModel(socketPath)
    chownSync(socketPath, BRIDGE, BRIDGE)
  }

  /** Exactly the flags with which the host's worker runs a sandbox. */
  async run(): Promise<void> {
    const image = this.#options.image ?? process.env.BERTH_SANDBOX_IMAGE ?? ''
    // biome-ignore format: one flag with its value a line reads best
    await docker(
      'run', '--detach', '--name', this.container,
      '--init', '--network', 'none', '--read-only',
      '--cap-drop', 'ALL', '--cap-add', 'SETUID', '--cap-add', 'SETGID',
      '--security-opt', 'no-new-privileges',
      '--pids-limit', '1024', '--memory', '6g', '--memory-swap', '6g', '--cpus', '1',
      '--tmpfs', '/tmp:rw,exec,nosuid,nodev,size=1g,mode=1777',
      '--tmpfs', '/run/launcher:rw,noexec,nosuid,nodev,size=1m,uid=0,gid=10001,mode=0750',
      '--tmpfs', '/run/bridge:rw,noexec,nosuid,nodev,size=64m,uid=10001,gid=10001,mode=0700',
      '-v', `${this.door}:/run/berth`,
      '-v', `${this.workspace}:/workspace`,
      '-v', `${this.home}:/home/agent`,
      '-v', `${this.spool}:/var/spool/berth`,
      '-e', `BERTH_SANDBOX_ID=${this.id}`,
      image,
    )
  }

  kill(): Promise<string> {
    return docker('kill', '--signal', 'KILL', this.container)
  }

  /** The exit code, once the container has ended. */
  async exitCode(): Promise<number> {
    return Number(await docker('wait', this.container))
  }

  logs(): Promise<string> {
    return run('docker', ['logs', this.container]).then(({ stdout, stderr }) => stdout + stderr)
  }

  async remove(): Promise<void> {
    this.worker?.close()
    this.model?.close()
    await docker('rm', '--force', '--volumes', this.container).catch(() => {})
    rmSync(this.folder, { recursive: true, force: true })
  }
}
