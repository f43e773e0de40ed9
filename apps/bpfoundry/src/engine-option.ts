import { CARD_ENGINE, DEFAULT_ENGINE, describeEngine, ENGINE_NAMES } from '@bpfoundry/testbench'
import { InvalidArgumentError, Option } from 'commander'
import type { CommandIo } from './command-io.ts'

const AUTO = 'auto'
const concrete: readonly string[] = ENGINE_NAMES.filter((name) => name !== AUTO)

/** `--engine E`. */
export function engineOption(): Option {
  return new Option('--engine <engine>', 'what executes programs; auto: the fastest here')
    .choices([...concrete, AUTO])
    .default(DEFAULT_ENGINE)
}

/** `--engine E` where programs may be offloaded: a card's words can be executed, too. */
export function cardEngineOption(): Option {
  const about = `what executes programs; auto: the fastest here; ${CARD_ENGINE}: what is offloaded on simulated cores`
  return new Option('--engine <engine>', about).choices([...concrete, CARD_ENGINE, AUTO]).default(DEFAULT_ENGINE)
}

/** `--engine E,...|all`, for what compares engines. */
export function enginesOption(fallback: string): Option {
  return anyEnginesOption().default(parseEngines(fallback), fallback)
}

/** The same without a default: {@link localEngines} are to be taken where it is not given. */
export function anyEnginesOption(): Option {
  const option = new Option('--engine <engines>', `engines, with commas between, or all: ${concrete.join(', ')}`)
  return option.argParser(parseEngines)
}

/** What runs without an emulator: all engines of this host but machine code of another CPU. Tries them out. */
export function localEngines(): readonly string[] {
  const foreign = process.arch === 'arm64' ? undefined : 'arm64'
  return concrete.filter((name) => name !== foreign && describeEngine(name).obstacle === undefined)
}

function parseEngines(text: string): readonly string[] {
  if (text === 'all') return concrete
  const names = [...new Set(text.split(',').map((name) => (name === AUTO ? describeEngine(AUTO).name : name)))]
  const unknown = names.find((name) => !concrete.includes(name))
  if (unknown === undefined) return names
  throw new InvalidArgumentError(`no such engine: ${unknown}; allowed are ${concrete.join(', ')}, auto, all.`)
}

/** The engine of that name; for `auto` the one it stands for, which stderr is told. */
export function sayEngine(name: string, io: CommandIo): string {
  if (name !== AUTO) return name
  const chosen = describeEngine(AUTO)
  io.err(`engine: auto chose ${chosen.name}, ${chosen.is}${chosen.why === undefined ? '' : `; ${chosen.why}`}\n`)
  return chosen.name
}
