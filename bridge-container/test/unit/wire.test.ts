import { describe, expect, test } from 'vitest'
import { parseCommand } from '../../src/bridge-server/commands.ts'
import { FrameLog } from '../../src/bridge-server/frame-log.ts'
import { createPressure } from '../../src/bridge-server/pressure.ts'
import type { BridgeCommand } from '../../src/generated/bridge-command.ts'
import type { BridgeFrame } from '../../src/generated/bridge-frame.ts'
import { examples, schema, validator } from '../support/schema.ts'

const validCommand = validator('bridge-command')
const validFrame = validator('bridge-frame')

describe('commands', () => {
  test.each(examples('bridge-command'))('$file fits schema and parser', ({ text }) => {
    const value = JSON.parse(text)

    expect(validCommand(value)).toBe(true)
    expect(parseCommand(JSON.stringify(value))).toEqual({ command: value })
  })

  test('every field that the schema requires is required by the parser', () => {
    const definitions = schema('bridge-command').$defs
    for (const { text } of examples('bridge-command')) {
      const value = JSON.parse(text) as Record<string, unknown>
      const required = Object.values(definitions)
        .filter(({ properties }) => isConst(properties?.type, value.type))
        .flatMap((definition) => definition.required ?? [])
      for (const field of required) {
        const { [field]: _, ...rest } = value
        expect(parseCommand(JSON.stringify(rest)), `${value.type} without ${field}`).toHaveProperty(
          'invalid',
        )
      }
    }
  })

  test('every option that the schema requires is required by the parser', () => {
    const open = examples('bridge-command').find(({ file }) => file.includes('open'))
    const value = JSON.parse(open?.text ?? '')
    for (const field of schema('bridge-command').$defs.AgentOptions?.required ?? []) {
      const { [field]: _, ...options } = value.options
      expect(parseCommand(JSON.stringify({ ...value, options })), field).toEqual({
        invalid: expect.stringContaining(`open.options.${field}: missing`),
      })
    }
  })

  test('unknown commands and unknown fields are let be', () => {
    expect(parseCommand('{"type":"dance","with":"me"}')).toEqual({ unrecognized: 'dance' })
    expect(parseCommand('{"type":"ack","frame":3,"more":true}')).toHaveProperty('command')
  })

  test.each(['', '[]', '7', '{"frame":1}', '{"type":5}', '{"type":"ack","frame":1.5}', '{"ty'])(
    'refuses %j',
    (line) => {
      expect(parseCommand(line)).toHaveProperty('invalid')
    },
  )

  test('a refusal does not repeat what it refuses', () => {
    const line =
      '{"type":"client_tool_result","call_id":"c1","content":"a secret","is_error":false}'

    expect(JSON.stringify(parseCommand(line))).not.toContain('secret')
  })
})

describe('frames', () => {
  test.each(examples('bridge-frame'))('$file fits the schema', ({ text }) => {
    expect(validFrame(JSON.parse(text))).toBe(true)
  })

  test('what the frame log renders is what the golden samples say', () => {
    for (const { text } of examples('bridge-frame')) {
      const golden = JSON.parse(text) as BridgeFrame
      if (!('frame' in golden)) continue
      const frames = new FrameLog({ pressure: createPressure() })
      const { frame: _, ...body } = golden

      const rendered = JSON.parse(frames.line(frames.append(body)))

      expect(rendered).toEqual({ ...golden, frame: 1 })
      expect(validFrame(rendered)).toBe(true)
    }
  })
})

test('the generated types know every command and frame', () => {
  const commands: Record<BridgeCommand['type'], true> = {
    attach: true,
    open: true,
    run_turn: true,
    interrupt: true,
    client_tool_result: true,
    tool_recorded: true,
    approval_answer: true,
    transcript_page: true,
    ack: true,
    superseded: true,
    shutdown: true,
    heartbeat: true,
  }
  const sampled = examples('bridge-command').map(({ text }) => JSON.parse(text).type)

  expect(Object.keys(commands).sort()).toEqual([...new Set(sampled)].sort())
})

function isConst(property: unknown, value: unknown): boolean {
  return (property as { const?: unknown } | undefined)?.const === value
}
