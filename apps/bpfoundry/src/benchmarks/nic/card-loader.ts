import { Kernel, type KernelMap, type KernelProgram, type OffloadDevice } from '@bpfoundry/kernel'
import { Collection, type LoaderKernel, type MapRequest, type ProgramRequest } from '@bpfoundry/loader'
import { type NfpCard, NfpDevice, type NfpTranslation } from '@bpfoundry/nfp'
import { engineByName, readSpec } from '@bpfoundry/testbench'
import { UnsupportedError } from '../../exit-code.ts'

/** A program that a card took, with its maps. */
export interface CardProgram {
  readonly kernel: Kernel
  readonly device: NfpDevice
  readonly name: string
  readonly translation: NfpTranslation
  readonly maps: ReadonlyMap<string, KernelMap>
}

/**
 * Loads one program of an object for a card, its maps onto the card.
 *
 * @param wanted its function; needed where the object holds several
 * @throws what the kernel, the card's driver and the loader throw
 */
export function loadForCard(object: string, wanted: string | undefined, card: NfpCard): CardProgram {
  const spec = readSpec(object)
  const name = chosen(object, wanted, [...spec.programs.keys()])
  const kernel = Kernel.create({ engine: engineByName('interpreter') })
  const port = new CardLoader(kernel, card)
  const { maps } = Collection.create(spec, { kernel: port, programs: [name] })
  return { kernel, device: port.device, name, translation: port.translation(name), maps }
}

/** Destinations of the load balancer of which there are published figures: 32, in all of the table's places. */
export function fillKnownMaps({ maps }: CardProgram): void {
  const destinations = maps.get('destinations')
  if (destinations === undefined) return
  const { keySizeBytes, valueSizeBytes, maxEntries } = destinations.attributes
  for (let key = 0; key < maxEntries; key++) {
    const value = new Uint8Array(valueSizeBytes).fill((key % 32) + 1)
    destinations.update(new Uint8Array(Uint32Array.of(key).buffer, 0, keySizeBytes), value.fill(0, 8, 24))
  }
}

/** What loads programs as if each was bound to the card. */
class CardLoader implements LoaderKernel<KernelMap, KernelProgram>, OffloadDevice {
  readonly ifindex = 2
  readonly name = 'card'
  readonly device: NfpDevice
  readonly #kernel: Kernel
  #translation: NfpTranslation | undefined

  constructor(kernel: Kernel, card: NfpCard) {
    this.#kernel = kernel
    this.device = new NfpDevice(card)
  }

  /** @throws UnsupportedError CLI_UNSUPPORTED_OFFLOAD */
  translation(name: string): NfpTranslation {
    if (this.#translation !== undefined) return this.#translation
    throw new UnsupportedError({ code: 'CLI_UNSUPPORTED_OFFLOAD', message: `${name} has no words for the card` })
  }

  createMap(request: MapRequest<KernelMap>): KernelMap {
    const map = this.#kernel.createMap(request)
    this.device.allocateMap(map.id, map.attributes)
    return map
  }

  loadProgram(request: ProgramRequest): KernelProgram {
    return this.#kernel.loadProgram(request, this)
  }

  prepare(program: ProgramRequest): ReturnType<OffloadDevice['prepare']> {
    const hooks = this.device.hooks(program)
    const accepted = (id: number): void => {
      this.#translation = this.device.loaded(id, hooks).translation
    }
    return { hooks, accepted }
  }
}

/** @throws UnsupportedError CLI_CHOOSE_PROGRAM */
function chosen(object: string, wanted: string | undefined, names: readonly string[]): string {
  const name = wanted ?? (names.length === 1 ? names[0] : undefined)
  if (name !== undefined && names.includes(name)) return name
  throw new UnsupportedError({
    code: 'CLI_PROGRAM',
    message:
      wanted === undefined ? `the object holds ${names.length} programs: name one` : `no such program: ${wanted}`,
    where: { input: object },
    expected: names.join(', '),
    hint: 'give --name FUNCTION',
  })
}
