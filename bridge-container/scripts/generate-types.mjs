// Renders the wire contract's JSON Schema to TypeScript; with --check, only compares.
import { readFile, writeFile } from 'node:fs/promises'
import { compile } from 'json-schema-to-typescript'

const SCHEMAS = ['bridge-command', 'bridge-frame']
const BANNER = '// Generated from schema/protocol by `npm run generate`; do not edit.'

const folder = new URL('../src/generated/', import.meta.url)
const schemas = new URL('../../schema/protocol/', import.meta.url)

async function render(name) {
  const schema = JSON.parse(await readFile(new URL(`${name}.schema.json`, schemas), 'utf8'))
  return compile(schema, schema.title, {
    additionalProperties: false,
    bannerComment: BANNER,
    format: false,
    unknownAny: true,
    cwd: schemas.pathname,
  })
}

const check = process.argv.includes('--check')
for (const name of SCHEMAS) {
  const target = new URL(`${name}.ts`, folder)
  const rendered = await render(name)
  if (!check) {
    await writeFile(target, rendered)
  } else if (rendered !== (await readFile(target, 'utf8').catch(() => ''))) {
    console.error(`src/generated/${name}.ts is stale; run: npm run generate`)
    process.exitCode = 1
  }
}
