import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { deploymentJsonSchema } from '../src/index.ts'
import { schemaPage } from './schema-page.ts'

const docs = (name: string): string => fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url))

const blesses = process.env['BLESS'] !== undefined

test('docs/deployments.md is what the schema says (BLESS=1 makes it again)', () => {
  const text = schemaPage(deploymentJsonSchema())
  if (blesses) writeFileSync(docs('deployments.md'), text)
  expect(readFileSync(docs('deployments.md'), 'utf8')).toBe(text)
})

test('docs/deployment.schema.json is the schema (BLESS=1 makes it again)', () => {
  const schema = deploymentJsonSchema()
  if (blesses) writeFileSync(docs('deployment.schema.json'), `${JSON.stringify(schema, undefined, 2)}\n`)
  expect(JSON.parse(readFileSync(docs('deployment.schema.json'), 'utf8'))).toEqual(schema)
})

test('every key of the schema tells what it is', () => {
  const silent: string[] = []
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return
    const { properties = {}, ...rest } = schema as {
      readonly properties?: Readonly<Record<string, { readonly description?: string; readonly const?: unknown }>>
    }
    for (const [key, property] of Object.entries(properties)) {
      // What tells the kinds apart, and the members of what users name themselves, speak for themselves.
      if (property.description === undefined && property.const === undefined) silent.push(`${path}.${key}`)
      walk(property, `${path}.${key}`)
    }
    for (const [key, value] of Object.entries(rest)) if (typeof value === 'object') walk(value, `${path}/${key}`)
  }
  walk(deploymentJsonSchema(), '')
  expect(silent).toEqual([])
})
