import { CPU_BLOCK, type Cpu } from '@bpfoundry/engine'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import { helperByName } from '@bpfoundry/kernel-abi'
import { type BpfMap, inlineMapCall } from '../../src/index.ts'
import { InlineRun } from './inline-run.ts'

const [LOOKUP, UPDATE] = ['map_lookup_elem', 'map_update_elem'].map((name) => helperByName(name)?.id as number)
const CPU_FIELDS = { cpuIdOffsetBytes: CPU_BLOCK.fields.cpuId.offsetBytes }

/** A map whose look-ups and updates are done by instructions, as far as there are any. */
export class InlinedMap implements Pick<BpfMap, 'lookup' | 'update' | 'delete'> {
  readonly #map: BpfMap
  readonly #run: InlineRun
  readonly #lookup: ReturnType<typeof inlineMapCall>
  readonly #update: ReturnType<typeof inlineMapCall>

  constructor(memory: GuestMemory, map: BpfMap, cpu: Cpu, scratch: number) {
    this.#map = map
    this.#lookup = inlineMapCall(map, LOOKUP as number, CPU_FIELDS)
    this.#update = inlineMapCall(map, UPDATE as number, CPU_FIELDS)
    this.#run = new InlineRun(memory, [cpu], scratch, (helper) => {
      const argument = (n: number): number => (cpu.regs[2 * n] as number) >>> 0
      const result =
        helper === LOOKUP ? map.lookup(argument(2), cpu.id) : map.update(argument(2), argument(3), argument(4), cpu.id)
      cpu.regs[0] = result
      cpu.regs[1] = result < 0 && helper !== LOOKUP ? -1 : 0
    })
  }

  lookup(key: number, cpu: number): number {
    if (this.#lookup === undefined) return this.#map.lookup(key, cpu)
    return Number(this.#run.call(this.#lookup, 0, 0n, key))
  }

  update(key: number, value: number, flags: number, cpu: number): number {
    if (this.#update === undefined) return this.#map.update(key, value, flags, cpu)
    return Number(this.#run.call(this.#update, 0, BigInt(flags), key, value))
  }

  delete(key: number, cpu: number): number {
    return this.#map.delete(key, cpu)
  }
}
