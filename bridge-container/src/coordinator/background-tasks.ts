import { isObject } from '../bridge-server/shape.ts'
import type { BackgroundTasks as BackgroundFrame } from '../generated/bridge-frame.ts'

type Task = BackgroundFrame['tasks'][number]

const MAX_TASKS = 50
const MAX_DESCRIPTION_CHARS = 200

/**
 * What the agent does beside its turns. Workers are told all of it each time: so one that missed a
 * change, or is new, knows as much as any other.
 */
export class BackgroundTasks {
  readonly #say: (frame: BackgroundFrame) => void
  #tasks: Task[] | undefined

  constructor(say: (frame: BackgroundFrame) => void) {
    this.#say = say
  }

  /** Sees every message of the agent. */
  observe(message: unknown): void {
    if (!isObject(message) || message.subtype !== 'background_tasks_changed') return
    this.#tasks = tasksOf(message.tasks)
    this.attached()
  }

  /** A worker holds the bridge, for the first time or again. */
  attached(): void {
    if (this.#tasks === undefined) return
    this.#say({ type: 'background_tasks', tasks: this.#tasks })
  }
}

/** Watchers that come with the agent do no work; nobody would miss them. */
function tasksOf(tasks: unknown): Task[] {
  if (!Array.isArray(tasks)) return []
  return tasks
    .filter((task) => isObject(task) && task.ambient !== true)
    .slice(0, MAX_TASKS)
    .map(({ task_id: id, task_type: kind, description }) => ({
      task_id: String(id),
      kind: String(kind),
      description: String(description ?? '').slice(0, MAX_DESCRIPTION_CHARS),
    }))
}
