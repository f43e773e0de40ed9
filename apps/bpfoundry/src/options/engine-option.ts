import { InvalidArgumentError, Option } from 'commander'
import { AUTO_ENGINE, CARD_ENGINE, DEFAULT_ENGINE, ENGINES } from './choices.ts'

/** Stands for all engines that a host like this one has. */
export const ALL_ENGINES = 'all'

/** `--engine E`. */
export function engineOption(): Option {
  return new Option('--engine <engine>', 'what executes programs; auto: the fastest here')
    .choices([...ENGINES, AUTO_ENGINE])
    .default(DEFAULT_ENGINE)
}

/** `--engine E` where programs may be offloaded: a card's words can be executed, too. */
export function cardEngineOption(): Option {
  const about = `what executes programs; auto: the fastest here; ${CARD_ENGINE}: what is offloaded on simulated cores`
  return new Option('--engine <engine>', about).choices([...ENGINES, CARD_ENGINE, AUTO_ENGINE]).default(DEFAULT_ENGINE)
}

/** `--engine E,...|all`, for what compares engines; `enginesNamed` of engines.ts tells which those are. */
export function enginesOption(fallback: string): Option {
  return anyEnginesOption().default(parseEngines(fallback), fallback)
}

/** The same without a default: `localEngines` of engines.ts are to be taken where it is not given. */
export function anyEnginesOption(): Option {
  const option = new Option('--engine <engines>', `engines, with commas between, or all: ${ENGINES.join(', ')}`)
  return option.argParser(parseEngines)
}

function parseEngines(text: string): readonly string[] {
  const names = text.split(',')
  const unknown = text === ALL_ENGINES ? undefined : names.find((name) => ![...ENGINES, AUTO_ENGINE].includes(name))
  if (unknown === undefined) return names
  throw new InvalidArgumentError(`no such engine: ${unknown}; allowed are ${ENGINES.join(', ')}, auto, all.`)
}
