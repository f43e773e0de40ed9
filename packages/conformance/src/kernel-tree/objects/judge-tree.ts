import type { ProgramSpec } from '@bpfoundry/loader'
import { compareVerdicts, generalWords, type TreeVerdict } from './compare-verdicts.ts'
import type { ObjectJudge } from './object-judge.ts'
import type { TreeObject } from './tree-objects.ts'

/** Who is asked about each program. */
export interface TreeJudges {
  readonly here: ObjectJudge
  /** The running kernel. */
  readonly kernel?: ObjectJudge
}

/** Verdicts on all programs of an object, one after the other. */
export function* treeVerdicts({ file, spec }: TreeObject, { here, kernel }: TreeJudges): Generator<TreeVerdict> {
  if (spec === undefined) return
  for (const program of spec.programs.values()) {
    const { name, section } = program
    const lacking = lackingOf(program)
    if (lacking !== undefined) {
      yield { file, program: name, section, ...lacking }
      continue
    }
    const said = attempt(() => here(spec, name))
    if (said instanceof Error) {
      yield { file, program: name, section, outcome: 'failed-here', cause: `${said}` }
      continue
    }
    const there = kernel?.(spec, name)
    yield {
      ...{ file, program: name, section, here: said },
      ...(there === undefined ? {} : { kernel: there }),
      ...compareVerdicts(said, there),
    }
  }
}

/** What keeps a program from any kernel: something that this one lacks, or that the loader can't do. */
function lackingOf({ unsupported }: ProgramSpec): Pick<TreeVerdict, 'outcome' | 'cause'> | undefined {
  if (unsupported === undefined) return undefined
  const outcome = unsupported.code === 'LOADER_UNSUPPORTED' ? 'unsupported' : 'not-loadable'
  return { outcome, cause: generalWords(unsupported.message) }
}

/** One defect shall not hide the verdicts on all other programs. */
function attempt<Made>(make: () => Made): Made | Error {
  try {
    return make()
  } catch (error) {
    return error instanceof Error ? error : new Error(`${error}`)
  }
}
