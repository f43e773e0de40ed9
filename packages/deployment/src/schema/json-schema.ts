import { z } from 'zod'
import { deploymentSchema } from './deployment.ts'

/** A JSON Schema, as far as this package looks into it. */
export interface JsonSchema {
  readonly description?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly quantity?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: boolean | JsonSchema
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
}

let made: JsonSchema | undefined

/**
 * The schema of deployment files for editors: JSON Schema 2020-12, as `# yaml-language-server: $schema=...` takes it.
 *
 * @see https://json-schema.org/draft/2020-12
 */
export function deploymentJsonSchema(): JsonSchema {
  made ??= z.toJSONSchema(deploymentSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return made
}

/** Keys that a section of a file may have; none where it is no section with keys of its own. @param value the whole file */
export function knownKeys(path: readonly (string | number)[], value: unknown): string[] {
  let schema: JsonSchema | undefined = deploymentJsonSchema()
  let at = value
  for (const step of path) {
    if (schema === undefined) return []
    schema = chosen(schema, at)
    at = (at as Readonly<Record<string | number, unknown>> | undefined)?.[step]
    schema = child(schema, String(step))
  }
  return Object.keys((schema === undefined ? undefined : chosen(schema, at))?.properties ?? {})
}

function child(schema: JsonSchema, step: string): JsonSchema | undefined {
  const { properties, additionalProperties, items } = schema
  const found = properties?.[step] ?? (/^\d+$/.test(step) ? items : undefined) ?? additionalProperties
  return typeof found === 'object' ? found : undefined
}

/** Of several kinds the one that the value says it is. */
function chosen(schema: JsonSchema, value: unknown): JsonSchema {
  const kinds = schema.oneOf ?? schema.anyOf
  if (kinds === undefined) return schema
  const fits = (kind: JsonSchema): boolean =>
    Object.entries(kind.properties ?? {}).some(
      ([key, property]) =>
        property.const !== undefined && property.const === (value as Record<string, unknown> | undefined)?.[key],
    )
  return kinds.find(fits) ?? schema
}
