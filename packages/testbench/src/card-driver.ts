import { CPU_BLOCK } from '@bpfoundry/engine'
import { readU64 } from '@bpfoundry/guest-memory'
import type {
  DeviceLoad,
  DeviceMap,
  Kernel,
  OffloadAsic,
  OffloadDriver,
  OffloadRefusal,
  UsedMap,
} from '@bpfoundry/kernel'
import type { MapAttributes } from '@bpfoundry/kernel-abi'
import { NfpControl, type NfpDevice, NfpEngine, type PerfEvent, placeProgram } from '@bpfoundry/nfp'

/**
 * A card's driver towards the kernel, for programs and maps that are loaded for the device (`offloadIfindex`): one a card,
 * for all its ports.
 */
export class CardDriver implements OffloadDriver {
  readonly control: NfpControl
  readonly asic: OffloadAsic
  /** What the driver wrote to the kernel log. */
  readonly kernelLog: string[] = []
  /** Events that were sent to the host as messages. */
  readonly events: PerfEvent[] = []
  readonly #kernel: Kernel

  constructor(kernel: Kernel, nfp: NfpDevice) {
    this.#kernel = kernel
    this.control = new NfpControl(nfp, {
      // Whatever engine runs programs here, their counters lie in the host's byte order.
      swapsCounters: false,
      nowNs: () => this.#nowNs(),
      warn: (text) => void this.kernelLog.push(text),
      onEvent: (event) => void this.events.push(event),
    })
    this.asic = kernel.offload.createAsic(this, nfp.card.name)
  }

  load(program: Parameters<OffloadDriver['load']>[0]): DeviceLoad {
    const { hooks, ...load } = this.control.load(program)
    return {
      hooks,
      translatedBytes: () => load.translatedBytes(),
      destroyed: () => load.destroyed(),
      accepted: (id, maps) => {
        load.accepted(id, maps)
        placeOnCard(this.#kernel, this.control.device, id, maps)
      },
    }
  }

  allocateMap(attributes: MapAttributes): DeviceMap | OffloadRefusal {
    return this.control.allocateMap(attributes)
  }

  /** The modelled clock that programs see. */
  #nowNs(): number {
    const [cpu] = this.#kernel.cpus
    return cpu === undefined ? 0 : readU64(this.#kernel.memory, cpu.block + CPU_BLOCK.fields.nowNs.offsetBytes)
  }
}

/** Tells an engine that executes a card's words where program `id` and its maps are. */
export function placeOnCard(
  { engine }: Pick<Kernel, 'engine'>,
  nfp: NfpDevice,
  id: number,
  maps: readonly UsedMap[],
): void {
  const loaded = nfp.program(id)
  if (!(engine instanceof NfpEngine) || loaded === undefined) return
  const places = maps.map(({ id: mapId, storage, attributes: { keySizeBytes, valueSizeBytes } }) => {
    return { id: mapId, address: storage.address, keySizeBytes, valueSizeBytes }
  })
  engine.place(id, placeProgram(loaded, places, nfp.maps))
}
