/** Loads of programs for a card, with everything that its hooks were asked, so that the real driver can be asked the same. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Insn } from '@bpfoundry/isa'
import { Kernel, type KernelMap, ProgramRejected } from '@bpfoundry/kernel'
import { Collection, type MapRequest, type ProgramRequest } from '@bpfoundry/loader'
import { type NfpCard, NfpDevice, type NfpHooks } from '@bpfoundry/nfp'
import type { DriverCase, DriverMap, DriverRegister, DriverVisit } from '@bpfoundry/nfp-driver'
import type { DeviceHooks, RegisterFact } from '@bpfoundry/verifier'
import { readSpec } from '../src/index.ts'

const FOLDER = fileURLToPath(new URL('../../../fixtures/programs/', import.meta.url))

/** enum bpf_reg_type of Linux 6.12 by the verifier log's names. */
// biome-ignore format: table
const TYPES: Readonly<Record<string, number>> = {
  '?': 0, scalar: 1, ctx: 2, map_ptr: 3, map_value: 4, map_key: 5, fp: 6, pkt_meta: 7, pkt: 8, pkt_end: 9, mem: 17, func: 20,
  map_value_or_null: 0x104, mem_or_null: 0x111,
}

/** All registers of one visit: what `struct bpf_reg_state` holds of them. Frame 1 runs, called by frame 0. */
function driverRegister(fact: RegisterFact, maps: readonly DriverMap[]): DriverRegister | undefined {
  const { now, offset = 0, umin, umax, mapId } = fact
  if (now === undefined) throw new Error('a device sees the register of the path at hand')
  const type = TYPES[now.typeName]
  if (type === undefined) return undefined
  const map = maps.findIndex(({ id }) => id === mapId)
  const place = { type, offset, tnum: now.varOff, umin, umax, id: now.id, frame: now.ofCaller ? 0 : 1 }
  return map < 0 ? place : { ...place, map }
}

const REGISTERS = Array.from({ length: 11 }, (_, number) => number)
const STACK_OFFSETS = Array.from({ length: 512 }, (_, byte) => -1 - byte)
const CALL = 0x85

/** Hooks that note what they are asked before they answer. */
function recording(hooks: NfpHooks, visits: DriverVisit[], maps: readonly DriverMap[]): DeviceHooks {
  return {
    prefix: hooks.prefix,
    insn: (pc, insn, registers, stackIsZero, print) => {
      const known = REGISTERS.flatMap((number) => {
        const fact = driverRegister(registers(number), maps)
        return fact === undefined ? [] : [[number, fact] as const]
      })
      const zeros = insn.opcode === CALL ? STACK_OFFSETS.filter((offset) => stackIsZero?.(offset)) : undefined
      visits.push({
        pc,
        frame: 1,
        registers: Object.fromEntries(known),
        ...(zeros === undefined ? {} : { zeros }),
      })
      return hooks.insn(pc, insn, registers, stackIsZero, print)
    },
    finalize: (...found) => hooks.finalize(...found),
  }
}

/** One load and what it came to. */
export interface RecordedLoad {
  readonly name: string
  readonly hooks: NfpHooks
  readonly type: number
  readonly insns: readonly Insn[]
  readonly input: DriverCase
  /** Errno and words of the hooks' refusal. */
  readonly refusal?: { readonly errno: number; readonly message: string }
}

const NO_PLACE = { start: 0, done: 0, helpers: new Map([1, 2, 3, 25].map((id) => [id, 7000 + id])) }

function recordLoad(kernel: Kernel, name: string, request: ProgramRequest, maps: readonly KernelMap[], card: NfpCard) {
  const device = new NfpDevice(card)
  for (const { id, attributes } of maps) if (attributes.type !== 4) device.allocateMap(id, attributes)
  const driverMaps = maps.map(({ id, attributes }): DriverMap => {
    const tid = device.maps.get(id)?.tableId
    return { id, tid: tid ?? 0, neutral: tid === undefined, valueBytes: attributes.valueSizeBytes }
  })
  const visits: DriverVisit[] = []
  const hooks = device.hooks(request)
  const load = { ifindex: 2, name: 'card', prepare: () => ({ hooks: recording(hooks, visits, driverMaps) }) }
  let refusal: RecordedLoad['refusal']
  try {
    kernel.loadProgram({ ...request, logLevel: 0 }, load).close()
  } catch (error) {
    if (!(error instanceof ProgramRejected)) throw error
    if (error.rejection.code !== 'VERIFIER_DEVICE') return undefined
    refusal = { errno: error.errno, message: error.rejection.message }
  }
  const { firmware } = card
  const { type, insns } = request
  const input: DriverCase = {
    type,
    insns,
    stackDepths: hooks.findings?.stackDepthBytes ?? [0],
    firmware: { ...firmware, maxWords: firmware.maxProgramWords, stackChunks: firmware.stackBytes / 64 },
    placement: NO_PLACE,
    maps: driverMaps,
    mapUses: insns.flatMap(({ opcode, src, imm }, pc) =>
      opcode === 0x18 && (src === 1 || src === 2) ? [{ pc, map: maps.findIndex(({ fd }) => fd === imm) }] : [],
    ),
    visits,
  }
  return { name, hooks, type, insns, input, ...(refusal === undefined ? {} : { refusal }) }
}

function namedMaps(insns: readonly Insn[], maps: ReadonlyMap<number, KernelMap>): KernelMap[] {
  const fds = insns.flatMap(({ opcode, src, imm }) => (opcode === 0x18 && (src === 1 || src === 2) ? [imm] : []))
  return [...new Set(fds)].flatMap((fd) => maps.get(fd) ?? [])
}

/** Every program of the fixtures that a verifier accepts and whose maps fit the card. */
export function recordFixtures(card: NfpCard): RecordedLoad[] {
  const files = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.o'))
  const kernel = Kernel.create({ hollowMaps: true })
  return files.filter((path) => !path.startsWith('refused')).flatMap((path) => recordObject(kernel, path, card))
}

function recordObject(kernel: Kernel, path: string, card: NfpCard): RecordedLoad[] {
  const maps = new Map<number, KernelMap>()
  const loads: (RecordedLoad | undefined)[] = []
  const spec = readSpec(FOLDER + path)
  for (const map of spec.maps.values()) map.contents.length = 0
  const collection = Collection.create(spec, {
    kernel: {
      createMap: (request: MapRequest<KernelMap>) => {
        const map = kernel.createMap(request)
        maps.set(map.fd, map)
        return map
      },
      loadProgram: (request: ProgramRequest) => {
        const named = namedMaps(request.insns, maps)
        if (fits(named, card)) loads.push(recordLoad(kernel, `${path} ${request.name}`, request, named, card))
        return { id: 0, fd: -1, name: request.name, close: () => {} }
      },
    },
  })
  collection.close()
  return loads.filter((load) => load !== undefined)
}

function fits(maps: readonly KernelMap[], card: NfpCard): boolean {
  const device = new NfpDevice(card)
  try {
    for (const { id, attributes } of maps) if (attributes.type !== 4) device.allocateMap(id, attributes)
    return true
  } catch {
    return false
  }
}
