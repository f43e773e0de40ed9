import { existsSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type GeneratedSkeleton, generateSkeleton } from '@bpfoundry/loader'
import { readInput } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { formatError } from '../error-text.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { Interrupt } from '../interrupt.ts'
import { formatJson } from '../output.ts'
import { requireWritable, writeWhole } from '../writable-file.ts'
import { changesOf } from './file-changes.ts'

/** `gen skeleton`, as it is typed. */
export interface SkeletonCommandOptions {
  readonly name?: string
  readonly type: readonly string[]
  readonly write?: string
  readonly js?: boolean
  readonly watch?: boolean
  readonly json?: boolean
}

/** A text that belongs into a file, which has a name when it is written. */
interface ModuleFile {
  readonly path?: string
  readonly text: string
}

/** `bpfoundry gen skeleton`. @returns the exit code */
export async function skeleton(object: string, options: SkeletonCommandOptions, io: CommandIo): Promise<number> {
  checkOptions(options)
  if (options.write !== undefined) requireWritable(options.write)
  if (!options.watch) {
    once(object, options, io)
    return EXIT.ok
  }
  const interrupt = new Interrupt(io)
  try {
    for await (const _ of changesOf(object, interrupt.signal)) attempt(object, options, io)
    return EXIT.interrupted
  } finally {
    interrupt.dispose()
  }
}

function once(object: string, options: SkeletonCommandOptions, io: CommandIo): void {
  const { name, type: types, write, json } = options
  const named = name === undefined ? {} : { name }
  const generated = generateSkeleton(readInput(object), { fileName: basename(object), ...named, types })
  const files = moduleFiles(generated, options)
  for (const { path, text } of files) if (path !== undefined) writeChanged(path, text, io)
  if (json) io.out(`${formatJson(described(object, generated, files))}\n`)
  else if (write === undefined) for (const { text } of files) io.out(text)
}

/** While a build goes on the object may be half written, or gone. */
function attempt(object: string, options: SkeletonCommandOptions, io: CommandIo): void {
  try {
    once(object, options, io)
  } catch (error) {
    io.err(`${formatError(error, { json: options.json === true, terminal: io.terminal })}\n`)
  }
}

function moduleFiles(generated: GeneratedSkeleton, { write, js }: SkeletonCommandOptions): readonly ModuleFile[] {
  const at = (path: string | undefined): { path?: string } => (path === undefined ? {} : { path })
  if (!js) return [{ ...at(write), text: generated.typescript }]
  const module = { ...at(write), text: generated.javascript }
  if (write === undefined) return [module]
  return [module, { path: write.replace(/\.(m?)js$/, '.d.$1ts'), text: generated.declarations }]
}

/** A file that stays as it is is left alone: who watches it need not build. */
function writeChanged(path: string, text: string, io: CommandIo): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeWhole(path, text)
  io.err(`${path} written\n`)
}

function described(object: string, generated: GeneratedSkeleton, files: readonly ModuleFile[]): object {
  const { name, programs, maps, variables, constants, types } = generated
  return {
    $schema: 'bpfoundry.skeleton/1',
    ...{ object, name },
    programs: programs.map((one) => ({ name: one.name, optional: one.isOptional === true, about: one.comment })),
    maps: maps.map((one) => ({ name: one.name, key: one.key, value: one.value, about: one.comment })),
    variables: variables.map((one) => ({ name: one.name, type: one.type, about: one.comment })),
    constants: constants.map((one) => ({ name: one.name, type: one.type, about: one.comment })),
    types: types.map((one) => ({ name: one.name, type: one.type, about: one.comment })),
    files: files.map(({ path, text }) => (path === undefined ? { text } : { path })),
  }
}

const ENDINGS = [
  ['.ts', '.mts'],
  ['.js', '.mjs'],
] as const

function checkOptions({ write, js, watch }: SkeletonCommandOptions): void {
  const endings: readonly string[] = ENDINGS[js ? 1 : 0]
  if (write !== undefined && (!endings.some((ending) => write.endsWith(ending)) || /\.d\.m?ts$/.test(write))) {
    throw new UsageError({
      code: 'CLI_FILE_NAME',
      message: `${write} is no name for a module`,
      got: write,
      expected: `a file that ends in ${endings.join(' or ')}`,
      hint: js ? 'without --js it is written in TypeScript' : 'with --js it is written in JavaScript',
    })
  }
  if (watch && write === undefined) {
    throw new UsageError({
      code: 'CLI_WATCH',
      message: '--watch has nothing to write to',
      hint: 'give --write FILE',
    })
  }
}
