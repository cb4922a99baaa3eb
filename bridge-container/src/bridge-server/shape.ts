/** The required fields of an object of the wire, each with what it must be. */
export interface Shape {
  readonly [field: string]: Kind | Shape
}

export type Kind = 'string' | 'integer' | 'boolean' | 'array' | 'strings' | 'object' | 'any'

/** Says what is wrong with a value, as `ack.frame: string (expected: integer)`, or nothing. */
export function shapeProblem(value: unknown, shape: Shape, path: string): string | undefined {
  if (!isObject(value)) return `${path}: ${preview(value)} (expected: object)`
  for (const [field, kind] of Object.entries(shape)) {
    const problem =
      typeof kind === 'string'
        ? kindProblem(value[field], kind, `${path}.${field}`)
        : shapeProblem(value[field], kind, `${path}.${field}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindProblem(value: unknown, kind: Kind, path: string): string | undefined {
  return matches(value, kind) ? undefined : `${path}: ${preview(value)} (expected: ${kind})`
}

function matches(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case 'string':
      return typeof value === 'string'
    case 'integer':
      return Number.isSafeInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return Array.isArray(value)
    case 'strings':
      return Array.isArray(value) && value.every((item) => typeof item === 'string')
    case 'object':
      return isObject(value)
    case 'any':
      return value !== undefined
    default:
      return kind satisfies never
  }
}

/** Names the kind of a value, never the value: it may be somebody's content. */
function preview(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
