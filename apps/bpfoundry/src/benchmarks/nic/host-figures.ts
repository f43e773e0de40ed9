import {
  type ComparedRow,
  compareRow,
  EMPTY_PROGRAM,
  type HostRow,
  type HostSetup,
  hostQuestion,
  type ModelledRate,
  type ProgramWork,
  STAGE,
  type StageCounter,
} from '@bpfoundry/device'
import { GENERIC_HOSTS, GENERIC_ROWS, genericRate } from '@bpfoundry/generic'
import { NATIVE_ROWS, nativeRate } from '@bpfoundry/native'
import { measureWork } from '@bpfoundry/testbench'
import { scenario } from './host-scenarios.ts'

/** A published figure of a host beside the model's, with what the model's consists of. */
export type HostFigure = ComparedRow & {
  readonly mode: 'native' | 'generic'
  readonly rate?: ModelledRate
}

const COUNTERS = Object.keys(STAGE) as StageCounter[]
const NO_PROGRAM = 'none'

/** Every published row of native and generic mode, answered. Programs are run once each, by the interpreter. */
export function hostFigures(): HostFigure[] {
  const works = new Works()
  return [
    ...NATIVE_ROWS.map((row) => figure('native', row, works)),
    ...GENERIC_ROWS.map((row) => figure('generic', row, works)),
  ]
}

function figure(mode: HostFigure['mode'], { setup, ...row }: HostRow, works: Works): HostFigure {
  if (typeof setup === 'string') return { ...compareRow(row, setup), mode }
  const rate = ask(mode, setup, works.of(setup.scenario))
  if (rate.packetsPerSecond === undefined) return { ...compareRow(row, rate.notes.join('; ')), mode, rate }
  return { ...compareRow(row, rate.packetsPerSecond / 1e6), mode, rate }
}

function ask(mode: HostFigure['mode'], setup: HostSetup, work: ProgramWork): ModelledRate {
  const question = hostQuestion(setup, work, COUNTERS)
  return mode === 'native' ? nativeRate(setup.costs, question) : genericRate(question, GENERIC_HOSTS[setup.costs])
}

/** What programs do for a packet, counted once each. */
class Works {
  readonly #known = new Map<string, ProgramWork>([[NO_PROGRAM, { ...EMPTY_PROGRAM, bpfInsns: 0, x86Insns: 0 }]])

  of(name: string): ProgramWork {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const { request, verdict } = scenario(name)
    const { work, verdicts } = measureWork(request)
    const other = verdicts.find((got) => got !== verdict)
    if (other !== undefined) throw new Error(`${name}: the program says ${other}, not ${verdict}`)
    this.#known.set(name, work)
    return work
  }
}
