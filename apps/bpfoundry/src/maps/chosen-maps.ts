import type { KernelMap } from '@bpfoundry/kernel'
import type { BenchObjects } from '@bpfoundry/testbench'
import { UsageError } from '../exit-code.ts'

/** A map by its name in the object, which the kernel may have cut. */
export interface ChosenMap {
  readonly name: string
  readonly map: KernelMap
}

/** The name that words ask for. @throws UsageError CLI_MAP_WORDS */
export function nameIn(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined
  const [word = '', name, ...more] = words
  if (word !== '' && 'name'.startsWith(word) && name !== undefined && more.length === 0) return name
  throw new UsageError({
    code: 'CLI_MAP_WORDS',
    message: 'the words name no map',
    got: words.join(' '),
    expected: 'name NAME',
  })
}

/** Maps in the order in which they were created; of a name, which may be the object's or the kernel's, those. */
export function chosenMaps(objects: BenchObjects, name: string | undefined): readonly ChosenMap[] {
  const all = Object.entries(objects.maps)
    .map(([own, { kernelMap: map }]) => ({ name: own, map }))
    .sort((a, b) => a.map.id - b.map.id)
  if (name === undefined) return all
  const named = all.filter(({ name: own, map }) => own === name || map.name === name)
  return named.length > 0 ? named : [{ name, map: objects.map(name).kernelMap }]
}
