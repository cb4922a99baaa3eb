import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const PROTOCOL = new URL('../../../schema/protocol/', import.meta.url)

export type SchemaName = 'bridge-command' | 'bridge-frame'

export interface Definition {
  readonly properties?: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

export function schema(name: SchemaName): { readonly $defs: Readonly<Record<string, Definition>> } {
  return JSON.parse(readFileSync(new URL(`${name}.schema.json`, PROTOCOL), 'utf8'))
}

export function validator(name: SchemaName): ValidateFunction {
  return new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema(name))
}

/** The golden samples that the Java side reads and writes as well. */
export function examples(
  name: SchemaName,
): Array<{ readonly file: string; readonly text: string }> {
  const folder = new URL('examples/', PROTOCOL)
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))
}
