import { describeEngine, ENGINE_NAMES } from '@bpfoundry/testbench'
import type { CommandIo } from './command-io.ts'
import { AUTO_ENGINE } from './options/choices.ts'
import { ALL_ENGINES } from './options/engine-option.ts'

const concrete: readonly string[] = ENGINE_NAMES.filter((name) => name !== AUTO_ENGINE)

/** The engines that `--engine E,...|all` names, each once. */
export function enginesNamed(names: readonly string[]): readonly string[] {
  if (names[0] === ALL_ENGINES) return concrete
  return [...new Set(names.map((name) => (name === AUTO_ENGINE ? describeEngine(AUTO_ENGINE).name : name)))]
}

/** What runs without an emulator: all engines of this host but machine code of another CPU. Tries them out. */
export function localEngines(): readonly string[] {
  const foreign = process.arch === 'arm64' ? undefined : 'arm64'
  return concrete.filter((name) => name !== foreign && describeEngine(name).obstacle === undefined)
}

/** The engine of that name; for `auto` the one it stands for, which stderr is told. */
export function sayEngine(name: string, io: CommandIo): string {
  if (name !== AUTO_ENGINE) return name
  const chosen = describeEngine(AUTO_ENGINE)
  io.err(`engine: auto chose ${chosen.name}, ${chosen.is}${chosen.why === undefined ? '' : `; ${chosen.why}`}\n`)
  return chosen.name
}
