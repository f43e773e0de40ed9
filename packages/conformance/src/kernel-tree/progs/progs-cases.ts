import { BTF_KIND } from '@bpfoundry/btf'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { ConformanceCase } from '../../case-source.ts'
import type { TestModules } from '../modules/test-modules.ts'
import type { NotRunnable, SuiteCase } from '../suite-case.ts'
import type { AnnotatedFunction } from './annotated-object.ts'
import type { TestMode } from './annotation-table.ts'
import { type AnnotatedTest, readAnnotations } from './annotations.ts'
import { ARCHITECTURES } from './architecture.ts'
import { type MadeProgram, notRunnable, type ProgsSource } from './object-maker.ts'
import { objectVector } from './object-vector.ts'
import { testSetup } from './test-setup.ts'

/** The cases of a file: a function gives one for each mode that it is tested in, an auxiliary one none. */
export function fileCases(source: ProgsSource, problems: Diagnostic[]): SuiteCase[] {
  return source.functions.flatMap((wanted) => {
    try {
      const test = readAnnotations(wanted.name, wanted.tags, ARCHITECTURES[source.architecture].annotation)
      const modes = Object.keys(test.expectations) as TestMode[]
      return modes.map((mode) => testCase(source, wanted, test, mode))
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      problems.push(error.at({ source: { file: source.file, line: wanted.line }, program: wanted.name }))
      return [suiteCase(source, wanted, 'full', wanted.name, () => notRunnable('unread', error.message))]
    }
  })
}

function testCase(source: ProgsSource, wanted: AnnotatedFunction, test: AnnotatedTest, mode: TestMode): SuiteCase {
  const name = mode === 'full' ? test.description : `${test.description} @unpriv`
  return suiteCase(source, wanted, mode, name, (id) => question(source, wanted, test, mode, id))
}

type Question = (id: string) => ConformanceCase | NotRunnable

function suiteCase(
  { file }: ProgsSource,
  { name: program, line }: AnnotatedFunction,
  privilege: TestMode,
  name: string,
  question: Question,
): SuiteCase {
  const suffix = privilege === 'full' ? '' : '@unpriv'
  const id = `${file.replace(/^.*\/(progs\/)/, '$1')}:${program}${suffix}`
  return { id, suite: 'progs', file, line, name, privilege, question: () => question(id) }
}

function question(
  source: ProgsSource,
  wanted: AnnotatedFunction,
  test: AnnotatedTest,
  mode: TestMode,
  id: string,
): ConformanceCase | NotRunnable {
  const { architectures, loadMode } = test
  if (architectures.length > 0 && !architectures.includes(ARCHITECTURES[source.architecture].annotation)) {
    return notRunnable('other-architecture', `for ${architectures.join(', ')}`)
  }
  if (loadMode === 'no_jited') return notRunnable('other-architecture', 'for kernels that do not translate programs')
  const made = source.make(wanted)
  if ('kind' in made) return made
  const missing = whatIsMissing(source, made)
  if (missing !== undefined) return missing
  const expectation = test.expectations[mode]
  if (expectation === undefined) throw new Error(`${id} is not tested in mode ${mode}`)
  return {
    kind: 'vector',
    vector: objectVector({
      id,
      ...made,
      ...{ test, mode, expectation, modules: source.modules, setup: testSetup(source.file) },
    }),
  }
}

/** What a vector has no way to say. */
function whatIsMissing({ modules }: ProgsSource, { program, spec }: MadeProgram): NotRunnable | undefined {
  const { externs = [], structOps, unsupported } = program
  const noModule = missingModule(modules, program)
  if (noModule !== undefined) return notRunnable('needs-module', noModule)
  if (structOps?.struct.startsWith(TEST_MODULE) === true) {
    return notRunnable('needs-module', `struct_ops ${structOps.struct} of a test module`)
  }
  const other = externs.find(({ kind }) => kind === 'variable')
  if (other !== undefined) return notRunnable('needs-kernel-btf', `${other.kind} ${other.name} of the kernel`)
  if (unsupported !== undefined) {
    const needsTypes = unsupported.message.includes('CO-RE')
    return notRunnable(needsTypes ? 'needs-kernel-btf' : 'unread', `${unsupported.message}: ${unsupported.got ?? ''}`)
  }
  return hasArenaData(spec, program) ? notRunnable('unread', ARENA_DATA) : undefined
}

/** Why what the program needs of a module can't be had. */
function missingModule(
  modules: TestModules,
  { externs = [], target = '' }: MadeProgram['program'],
): string | undefined {
  const functions = externs.filter(({ kind }) => kind === 'function').map(({ name }) => name)
  for (const name of target.startsWith(TEST_MODULE) ? [...functions, target] : functions) {
    const module = modules.having(name)
    if (module !== undefined && 'missing' in module) return `${name} of a test module: ${module.missing}`
  }
  return target.startsWith(TEST_MODULE) && modules.having(target) === undefined
    ? `${target} of a test module`
    : undefined
}

/** What the tests' module has to be traced is named so. */
const TEST_MODULE = 'bpf_testmod_'

const ARENA_DATA = 'variables in an arena, which libbpf puts there through a mapping of its own'

/** Variables that lie in an arena are no map's initial contents. */
function hasArenaData({ btf, maps }: MadeProgram['spec'], { mapRelocations }: MadeProgram['program']): boolean {
  if (btf?.find('.addr_space.1', BTF_KIND.DATASEC) === undefined) return false
  return mapRelocations.some(({ map }) => maps.get(map)?.type === MAP_TYPE.ARENA)
}
