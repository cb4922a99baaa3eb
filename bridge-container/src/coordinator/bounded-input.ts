import { isObject } from '../bridge-server/shape.ts'

/** What a person is shown of one text. */
const TEXT_CHARS = 4_000

/** What a person is shown of a whole input, as JSON. */
const INPUT_CHARS = 32_000

export interface Bounded {
  readonly value: unknown
  readonly cut: boolean
}

/** The input of a tool, short enough to be shown: long texts end early and say how long they are. */
export function bounded(input: unknown): Bounded {
  let cut = false
  const text = (value: string, chars: number) => {
    if (value.length <= chars) return value
    cut = true
    return `${value.slice(0, chars)}… (${value.length} characters)`
  }
  const shorten = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value, TEXT_CHARS)
    if (Array.isArray(value)) return value.map(shorten)
    if (!isObject(value)) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shorten(one)]))
  }
  const short = shorten(input)
  const json = JSON.stringify(short) ?? 'null'
  const value = json.length <= INPUT_CHARS ? short : text(json, INPUT_CHARS)
  return { value, cut }
}
