/**
 * Maps whose elements are objects that are not emulated: events, sockets, rings, other maps, storage at sockets and tasks.
 * They can be created and named, so that programs that use them can be judged; they hold nothing, and every operation
 * answers ENOTSUPP.
 */
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import { ElementlessMap } from './elementless-map.ts'
import type { MapPlace } from './map-place.ts'
import { Sections } from './sections.ts'
import { planStaging } from './syscall-side.ts'

function plan(attributes: MapAttributes): { staging: number; sizeBytes: number } {
  const sections = new Sections()
  const staging = planStaging(attributes, attributes.valueSizeBytes, sections)
  return { staging, sizeBytes: sections.sizeBytes }
}

export class ObjectMap extends ElementlessMap {
  static sizeBytes(attributes: MapAttributes): number {
    return plan(attributes).sizeBytes
  }

  /** @param moreBytes that a type which does hold something has behind the rest */
  constructor(place: MapPlace, moreBytes = 0) {
    const { staging, sizeBytes } = plan(place.attributes)
    super(place, sizeBytes + moreBytes, staging, place.attributes.valueSizeBytes)
  }

  override get count(): number {
    return 0
  }

  protected get refusal(): number {
    return -ERRNO.ENOTSUPP
  }
}
