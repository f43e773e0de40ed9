import type { HelperWork, MapShape, ProgramWork } from '@bpfoundry/device'
import type { Cpu, ProgramImage } from '@bpfoundry/engine'
import type { Kernel, KernelMap } from '@bpfoundry/kernel'
import { type PathX86, pathX86 } from './path-x86.ts'

const CSUM_DIFF = 28
const LOAD = 1
const STORE_IMM = 2
const STORE = 3
const MEM_MODE = 0x60
const CLASS_MASK = 7
const MODE_MASK = 0xe0

interface HelperTally {
  readonly helper: number
  readonly map: KernelMap | undefined
  readonly keys: Set<string>
  calls: number
  bytes: number
}

/** Counts what packets make a program do, told of each instruction before it runs. */
export class WorkTally {
  readonly #kernel: Kernel
  /** By the guest address that programs have of them. */
  readonly #maps: ReadonlyMap<number, KernelMap>
  readonly #paths = new Map<ProgramImage, PathX86>()
  readonly #helpers = new Map<string, HelperTally>()
  #packets = 0
  #touched = 0
  #touchedNow = false
  #bpfInsns = 0
  #x86Insns = 0
  #fresh = false

  constructor(kernel: Kernel, maps: readonly KernelMap[]) {
    this.#kernel = kernel
    this.#maps = new Map(maps.map((map) => [map.storage.address, map]))
  }

  /** The instructions that follow are another packet's. */
  beginPacket(): void {
    this.#packets++
    this.#touchedNow = false
    this.#fresh = true
  }

  /** An instruction of a program, or of one that it tail-calls. */
  insn(image: ProgramImage, pc: number, cpu: Cpu): void {
    const path = this.#pathOf(image)
    if (this.#fresh) this.#x86Insns += path.entry
    this.#fresh = false
    this.#bpfInsns++
    this.#x86Insns += path.bySlot[pc] ?? 0
    if (path.callsHelper[pc]) this.#call(image.insns[pc]?.imm ?? 0, cpu)
    else if (!this.#touchedNow) this.#access(image, pc, cpu)
  }

  /** Means over the packets so far. */
  work(): ProgramWork {
    const packets = Math.max(1, this.#packets)
    return {
      bpfInsns: this.#bpfInsns / packets,
      x86Insns: this.#x86Insns / packets,
      helpers: [...this.#helpers.values()].map((tally) => helperWork(tally, packets)),
      touched: this.#touched / packets,
      method: `counted on ${this.#packets} packets`,
    }
  }

  #pathOf(image: ProgramImage): PathX86 {
    const known = this.#paths.get(image)
    if (known !== undefined) return known
    const path = pathX86(image)
    this.#paths.set(image, path)
    return path
  }

  #call(helper: number, cpu: Cpu): void {
    const register = (n: number): number => (cpu.regs[2 * n] ?? 0) >>> 0
    const map = this.#maps.get(register(1))
    const key = `${helper}.${map?.id ?? ''}`
    const tally = this.#helpers.get(key) ?? { helper, map, keys: new Set<string>(), calls: 0, bytes: 0 }
    this.#helpers.set(key, tally)
    tally.calls++
    if (map !== undefined) tally.keys.add(this.#keyAt(register(2), map.attributes.keySizeBytes))
    if (helper === CSUM_DIFF) tally.bytes += register(2) + register(4)
  }

  #keyAt(address: number, bytes: number): string {
    return Buffer.from(this.#kernel.memory.u8.subarray(address, address + bytes)).toString('hex')
  }

  /** Loads and stores in the packet's page. */
  #access(image: ProgramImage, pc: number, cpu: Cpu): void {
    const { opcode, src, dst, off } = image.insns[pc] as ProgramImage['insns'][number]
    const kind = opcode & CLASS_MASK
    if ((opcode & MODE_MASK) !== MEM_MODE || (kind !== LOAD && kind !== STORE && kind !== STORE_IMM)) return
    const base = (cpu.regs[2 * (kind === LOAD ? src : dst)] ?? 0) >>> 0
    if (this.#kernel.memory.regionAt(base + off)?.kind !== 'packet') return
    this.#touchedNow = true
    this.#touched++
  }
}

function helperWork({ helper, map, keys, calls, bytes }: HelperTally, packets: number): HelperWork {
  const shape: MapShape | undefined = map && {
    type: map.attributes.type,
    keyBytes: map.attributes.keySizeBytes,
    valueBytes: map.attributes.valueSizeBytes,
    hotElements: keys.size,
  }
  return {
    helper,
    calls: calls / packets,
    ...(shape === undefined ? {} : { map: shape }),
    ...(bytes === 0 ? {} : { bytes: bytes / calls }),
  }
}
