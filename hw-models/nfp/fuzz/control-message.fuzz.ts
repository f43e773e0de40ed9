import { GuestMemory } from '@bpfoundry/guest-memory'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { createMap } from '@bpfoundry/maps'
import { allocationRequest, CCM_TYPE, freeRequest, operationRequest } from '../src/control/ccm-message.ts'
import { MapFirmware } from '../src/control/map-firmware.ts'
import { type PerfEvent, perfEventMessage, receivePerfEvent } from '../src/control/perf-event.ts'

const SLOTS = { keyBytes: 8, valueBytes: 16 }
const SIZES = { keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, flags: 0 }
const MAP = createMap(GuestMemory.create(), { name: 'm', type: MAP_TYPE.HASH, ...SIZES }, { id: 1, cpus: 1 })

export const name = 'nfp-control-message'

export function seeds(): Uint8Array[] {
  const element = { key: Uint8Array.of(1, 0, 0, 0), value: new Uint8Array(8) }
  const operation = { tableId: 1, count: 4, flags: 0, element }
  const types = [
    CCM_TYPE.MAP_LOOKUP,
    CCM_TYPE.MAP_UPDATE,
    CCM_TYPE.MAP_DELETE,
    CCM_TYPE.MAP_GETFIRST,
    CCM_TYPE.MAP_GETNEXT,
  ]
  return [
    ...types.map((type) => operationRequest(type, SLOTS, operation)),
    allocationRequest({ keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 4, mapType: 1 }),
    freeRequest(1),
    perfEventMessage({ cpuId: 0, mapId: 3, data: new Uint8Array(5), packet: new Uint8Array(7) }),
  ]
}

/** The firmware answers any message with a reply or with nothing; an event is taken whole or dropped. */
export function fuzzOnce(input: Uint8Array): void {
  const firmware = new MapFirmware(SLOTS)
  firmware.place(1, MAP)
  const reply = firmware.answer(input.slice())
  if (reply !== undefined && (reply[0] ?? 0) !== ((input[0] ?? 0) | 0x80)) {
    throw new Error(`type ${input[0]} is answered by type ${reply[0]}`)
  }
  const events: PerfEvent[] = []
  const taken = receivePerfEvent(input, {
    knows: () => true,
    output: (event) => void events.push(event),
    warn: () => {},
  })
  if (taken !== (events.length === 1)) throw new Error(`${taken} with ${events.length} events`)
}
