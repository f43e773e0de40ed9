import type { SkeletonItem } from './generate-skeleton.ts'
import { commented, propertyName, quoted } from './names.ts'
import { block, type Declaration } from './type-text.ts'

/** The module's texts: one to be compiled, and two that need no compiler. */
export interface SkeletonFiles {
  readonly typescript: string
  readonly javascript: string
  readonly declarations: string
}

/** What a module is written of. */
export interface SkeletonContent {
  readonly name: string
  readonly shapeName: string
  readonly fileName: string
  readonly base64: string
  readonly programs: readonly SkeletonItem[]
  readonly maps: readonly SkeletonItem[]
  readonly variables: readonly SkeletonItem[]
  readonly constants: readonly SkeletonItem[]
  readonly types: readonly Declaration[]
}

const LIBRARY = "'@bpfoundry/loader'"

/** Paragraphs, each followed by an empty line but the last. */
export function skeletonFiles(content: SkeletonContent): SkeletonFiles {
  const { name, shapeName, fileName, types } = content
  const about = `// Made of ${commented(fileName)} by bpfoundry gen skeleton: make it anew rather than edit it.`
  const purpose = `/** ${commented(fileName)}; \`${name}.open()\` is the first step. */`
  const constant = `export const ${name}`
  const type = `SkeletonDefinition<${shapeName}>`
  const call = (generic: string): string => {
    const args = [quoted(fileName), typeIds(types), '() => OBJECT'].flatMap((text) => `${text},`.split('\n'))
    return `defineSkeleton${generic}(\n${args.map((line) => `  ${line}`).join('\n')}\n)`
  }
  const object = `const OBJECT =\n  '${content.base64}'`
  const shape = `/** What is in ${commented(fileName)}. */\nexport interface ${shapeName} ${shapeText(content)}`
  const file = (paragraphs: readonly string[]): string => `${paragraphs.join('\n\n')}\n`
  return {
    typescript: file([
      `${about}\nimport { defineSkeleton, type SkeletonDefinition } from ${LIBRARY}`,
      ...types.flatMap((one) => [typeDeclaration(one), ...enumConstant(one, 'typescript')]),
      shape,
      `${purpose}\n${constant}: ${type} = ${call(`<${shapeName}>`)}`,
      object,
    ]),
    javascript: file([
      `${about}\nimport { defineSkeleton } from ${LIBRARY}`,
      ...types.flatMap((one) => enumConstant(one, 'javascript')),
      `${purpose}\n${constant} = ${call('')}`,
      object,
    ]),
    declarations: file([
      `${about}\nimport type { SkeletonDefinition } from ${LIBRARY}`,
      ...types.flatMap((one) => [typeDeclaration(one), ...enumConstant(one, 'declarations')]),
      shape,
      `${purpose}\nexport declare const ${name}: ${type}`,
    ]),
  }
}

function typeDeclaration({ name, comment, type }: Declaration): string {
  const isObject = type.startsWith('{')
  return `/** ${commented(comment)} */\nexport ${isObject ? `interface ${name} ${type}` : `type ${name} = ${type}`}`
}

function enumConstant({ name, values }: Declaration, file: keyof SkeletonFiles): string[] {
  if (values === undefined || !values.type.startsWith('{')) return []
  if (file === 'declarations') return [`export declare const ${name}: ${values.type}`]
  return [`export const ${name}${file === 'typescript' ? `: ${values.type}` : ''} = ${values.literal}`]
}

function typeIds(types: readonly Declaration[]): string {
  if (types.length === 0) return '{}'
  return block(types.map(({ name, typeId }) => `${name}: ${typeId},`))
}

function shapeText({ programs, maps, variables, constants, types }: SkeletonContent): string {
  const groups: readonly (readonly [string, string])[] = [
    ['programs', itemsText(programs, true)],
    ['maps', itemsText(maps, true)],
    ['variables', itemsText(variables, false)],
    ['constants', itemsText(constants, false)],
    ['types', block(types.map(({ name }) => `readonly ${name}: ${name}`))],
  ]
  return block(groups.flatMap(([group, text]) => `readonly ${group}: ${text}`.split('\n')))
}

function itemsText(items: readonly SkeletonItem[], isReadonly: boolean): string {
  const lines = items.flatMap(({ name, type, comment, isOptional }) => [
    `/** ${commented(comment)} */`,
    ...`${isReadonly ? 'readonly ' : ''}${propertyName(name)}${isOptional ? '?' : ''}: ${type}`.split('\n'),
  ])
  return block(lines)
}
