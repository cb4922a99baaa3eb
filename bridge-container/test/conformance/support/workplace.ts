import { randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished, vi } from 'vitest'
import { agentEnvironment } from '../../../src/coordinator/environment.ts'
import type { Callbacks } from '../agent/wire.ts'
import { Agent, type Answer, PATIENCE } from './agent.ts'
import { type RecordingModel, recordingModel } from './recording-model.ts'

const NO_CALLBACKS: Callbacks = {
  hooks: [],
  onFailure: 'continue',
  canUseTool: false,
  sessionStore: false,
}

/** How a session is taken up again. */
export interface Resumption {
  /** As Berth gives it; without one the turn stays cut. */
  readonly reason?: string
  /** Variables of Berth's that are left out, to see what they are there for. */
  readonly without?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Start {
  readonly resume?: Resumption
  readonly options?: Readonly<Record<string, unknown>>
  readonly env?: Readonly<Record<string, string>>
  readonly callbacks?: Partial<Callbacks>
  readonly answer?: Answer
  /** Another disk: nothing of what the agent wrote is there. */
  readonly config?: string
}

/** What Berth resumes a session with after its sandbox was lost. */
export const AFTER_A_LOSS: Resumption = { reason: 'killed' }

/** A session's folders and model; what runs in it ends with the test. */
export class Workplace {
  readonly sessionId = randomUUID()
  readonly folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  readonly cwd = this.#made('project')
  readonly model: RecordingModel
  readonly #agents: Agent[] = []

  static async open(): Promise<Workplace> {
    const workplace = new Workplace(await recordingModel(process.env.BERTH_PRACTICE_MODEL ?? ''))
    onTestFinished(() => workplace.#close())
    return workplace
  }

  private constructor(model: RecordingModel) {
    this.model = model
  }

  start(start: Start = {}): Agent {
    const { resume, options = {}, callbacks = {}, answer = () => undefined } = start
    const agent = new Agent(
      {
        options: {
          ...(resume === undefined ? { sessionId: this.sessionId } : { resume: this.sessionId }),
          cwd: this.cwd,
          permissionMode: 'bypassPermissions',
          allowDangerouslySkipPermissions: true,
          ...options,
          env: this.#environment(start),
        },
        callbacks: { ...NO_CALLBACKS, ...callbacks },
      },
      answer,
    )
    this.#agents.push(agent)
    return agent
  }

  resume(resume: Resumption = AFTER_A_LOSS, start: Omit<Start, 'resume'> = {}): Agent {
    return this.start({ ...start, resume })
  }

  /** Text of a file in the project folder; empty when it is not there. */
  read(name: string): string {
    const path = join(this.cwd, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }

  async untilFile(name: string, text: string): Promise<void> {
    await vi.waitFor(() => {
      const found = this.read(name)
      if (found !== text) throw new Error(`${name}: ${found} (expected: ${text})`)
    }, PATIENCE)
  }

  /** The session's transcript on disk, line by line; the last line may be torn. */
  transcript(): string[] {
    const path = this.transcriptPath()
    return path === undefined ? [] : readFileSync(path, 'utf8').split('\n').filter(Boolean)
  }

  /** Takes the lines with this text, and all after them, off the transcript. */
  forget(text: string): void {
    const lines = this.transcript()
    const kept = lines.slice(
      0,
      lines.findIndex((line) => line.includes(text)),
    )
    writeFileSync(this.transcriptPath() ?? '', `${kept.join('\n')}\n`)
  }

  transcriptPath(): string | undefined {
    const projects = join(this.folder, 'config', 'projects')
    if (!existsSync(projects)) return undefined
    return readdirSync(projects)
      .map((project) => join(projects, project, `${this.sessionId}.jsonl`))
      .find(existsSync)
  }

  async untilStored(text: string): Promise<void> {
    await vi.waitFor(() => {
      if (!this.transcript().join('\n').includes(text)) throw new Error(`not stored: ${text}`)
    }, PATIENCE)
  }

  /** Berth's, but for what only its sandbox has: the door and the agent's home. */
  #environment({ resume, config = 'config', env }: Start): Record<string, string> {
    const environment = agentEnvironment({
      requested: {},
      resume: resume !== undefined,
      resumeReason: resume?.reason,
    })
    const home = this.#made(config)
    const owned = Object.entries(environment).filter(
      ([name]) => !/_proxy$/i.test(name) && !resume?.without?.includes(name),
    )
    return {
      ...Object.fromEntries(owned),
      PATH: process.env.PATH ?? '',
      HOME: home,
      CLAUDE_CONFIG_DIR: home,
      TMPDIR: this.#made('tmp'),
      CLAUDE_CODE_TMPDIR: this.#made('tmp'),
      ANTHROPIC_BASE_URL: this.model.url,
      // The agent works without asking as root only where it is told that nothing can come of it.
      IS_SANDBOX: '1',
      ...resume?.env,
      ...env,
    }
  }

  #made(name: string): string {
    const folder = join(this.folder, name)
    mkdirSync(folder, { recursive: true })
    return folder
  }

  async #close(): Promise<void> {
    for (const agent of this.#agents) await agent.kill()
    this.model.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
