/** Random programs for a card: its words are the driver's, and do to packet and maps what the interpreter does. */
import type { Insn } from '@bpfoundry/isa'
import { type NfpProgram, type NfpTranslation, relocate, translateNfp } from '@bpfoundry/jit-nfp'
import { Kernel, type KernelMap, ProgramRejected } from '@bpfoundry/kernel'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { type FirmwareRoutine, type Microengine, ProgramRun } from '@bpfoundry/microengine'
import { NfpDevice, nfpCard } from '@bpfoundry/nfp'
import { openNfpDriver, translationCase } from '@bpfoundry/nfp-driver'
import { CARD_MAPS, cardPrograms, type GeneratedCardProgram, withMapFds } from '@bpfoundry/program-generator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { translatorInput } from '../../../hw-models/nfp/src/translator-input.ts'
import { engineByName } from '../src/index.ts'

/** `PROGRAMS=20000` for the long form, other programs each time; the short form is always the same. */
const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 25)
const SEED = FULL === undefined ? 2018 : Date.now() % 2 ** 31

const card = nfpCard('agilio-cx-2x40')
const PLACE = { start: 3072, done: 200, helpers: new Map([[1, 300]]) }
const LOOKUP_ADDRESS = 300
const XDP = { name: 'generated', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0, logLevel: 0 }

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const word = (n: number): Uint8Array => Uint8Array.of(n, 0, 0, 0)

/** A host and a card with the same maps. */
class Rig {
  readonly kernel: Kernel = Kernel.create({ engine: engineByName('interpreter') })
  readonly maps: readonly KernelMap[] = CARD_MAPS.map((attributes) => this.kernel.createMap(attributes))
  readonly #key: number = this.kernel.memory.allocate('card test', 'scratch', 16).address
  readonly #packet: number = this.kernel.memory.allocate('card test', 'scratch', 4096).address

  /** Numbers of any value, counters of 0. */
  fillMaps(seed: number): void {
    for (const map of this.maps) {
      for (const key of [0, 1, 2, 3]) {
        const numbers = Array.from({ length: 16 }, (_, n) => (seed * 31 + key * 17 + n * 73) & 0xff)
        map.update(word(key), Uint8Array.of(...numbers, ...new Uint8Array(16)), 0)
      }
    }
  }

  contents({ swapped = false } = {}): string[] {
    return this.maps.flatMap((map) => [0, 1, 2, 3].map((key) => hex(withCounters(map.lookup(word(key)), swapped))))
  }

  insnsOf({ insns }: GeneratedCardProgram): Insn[] {
    return withMapFds(
      insns,
      this.maps.map(({ fd }) => fd),
    )
  }

  /** The program as the card's translator gets it; undefined where the card, or the verifier, refuses it. */
  verified(program: GeneratedCardProgram): NfpProgram | undefined {
    const device = new NfpDevice(card)
    for (const { id, attributes } of this.maps) device.allocateMap(id, attributes)
    const request = { ...XDP, insns: this.insnsOf(program) }
    const hooks = device.hooks(request)
    try {
      this.kernel.loadProgram(request, { ifindex: 2, name: 'card', prepare: () => ({ hooks }) }).close()
    } catch (error) {
      if (!(error instanceof ProgramRejected)) throw error
      return undefined
    }
    const { firmware } = card
    const mapNumber = (id: number): number => device.maps.get(id)?.tableId ?? 0
    return translatorInput(request, hooks, { firmware, mapNumber })
  }

  interpret(program: GeneratedCardProgram): { verdict: number; packet: string } {
    const loaded = this.kernel.loadProgram({ ...XDP, insns: this.insnsOf(program) })
    const { retval, data } = this.kernel.testRun(loaded, { data: program.packet })
    loaded.close()
    return { verdict: retval, packet: hex(data) }
  }

  execute(translation: NfpTranslation, { packet }: GeneratedCardProgram): { verdict: number; packet: string } {
    const bytes = this.kernel.memory.u8
    bytes.set(packet, this.#packet)
    const run = new ProgramRun({
      memory: { bytes },
      words: relocate(translation, PLACE),
      startAddress: PLACE.start,
      doneAddress: PLACE.done,
      routines: new Map([[LOOKUP_ADDRESS, this.#lookup()]]),
    })
    const { resultWord } = run.run({ address: this.#packet, lengthBytes: packet.length })
    return {
      verdict: VERDICTS.get((resultWord >>> 16) & 0xff) ?? -1,
      packet: hex(bytes.slice(this.#packet, this.#packet + packet.length)),
    }
  }

  /** bpf_map_lookup_elem as the firmware has it: nfp.md 1.3. */
  #lookup(): FirmwareRoutine {
    return {
      name: 'lookup',
      enter: (core, context) => {
        this.#find(core, context)
        return []
      },
      leave: (_core, context) => this.#backFrom[context] as number,
    }
  }

  readonly #backFrom: number[] = []

  #find(core: Microengine, context: number): void {
    const { a, b } = core.context(context)
    const { localMemory } = core.state
    const stack = new Uint8Array(localMemory.buffer, localMemory.byteOffset, localMemory.byteLength)
    const at = core.localMemoryAddress(context, 0)
    this.kernel.memory.u8.set(stack.subarray(at, at + 4), this.#key)
    const map = this.maps[(a[0] as number) - 1]
    const value = map?.storage.lookup(this.#key, 0) ?? 0
    this.#backFrom[context] = b[0] as number
    a[0] = b[0] = value
    a[1] = b[1] = 0
  }
}

/** Bits 16 to 23 of a result word, by verdict. */
const VERDICTS = new Map([
  [0x82, 0],
  [0x22, 1],
  [0x11, 2],
  [0x44, 3],
])

/** Words of counters are big-endian in the card. */
function withCounters(value: Uint8Array | undefined, swapped: boolean): Uint8Array {
  const bytes = Uint8Array.from(value ?? [])
  if (swapped) for (let at = 16; at < 32; at += 4) bytes.subarray(at, at + 4).reverse()
  return bytes
}

const rig = new Rig()
const driver = openNfpDriver()

/** Programs whose words are not the driver's. */
function differing(programs: readonly NfpProgram[]): number {
  if ('reason' in driver) return 0
  const answers = driver.run(programs.map((program) => translationCase(program, PLACE)))
  return programs.filter((program, at) => {
    const theirs = answers[at]?.words?.map(({ word }) => word) ?? []
    return JSON.stringify(theirs) !== JSON.stringify(translateNfp(program).translation?.words)
  }).length
}

describe('random programs that a card takes', () => {
  it("do on its words, which are the driver's, what they do in the interpreter", { timeout: 7_200_000 }, () => {
    const verified: NfpProgram[] = []
    let words = 0
    fc.assert(
      fc.property(cardPrograms({ maps: true }), fc.nat({ max: 255 }), (program, seed) => {
        const facts = rig.verified(program)
        const translation = facts === undefined ? undefined : translateNfp(facts).translation
        if (facts === undefined || translation === undefined) return
        verified.push(facts)
        words += translation.words.length
        rig.fillMaps(seed)
        const expected = { ...rig.interpret(program), maps: rig.contents() }
        rig.fillMaps(seed)
        expect({ ...rig.execute(translation, program), maps: rig.contents({ swapped: true }) }).toEqual(expected)
      }),
      { numRuns: PROGRAMS, seed: SEED },
    )
    const judged = 'reason' in driver ? `driver not asked: ${driver.reason}` : "words are the driver's"
    console.log(
      `card programs (seed ${SEED}): ${verified.length} of ${PROGRAMS} executed, ${words} words, equal; ${judged}`,
    )
    expect(differing(verified)).toBe(0)
    expect(verified.length).toBeGreaterThan((3 * PROGRAMS) / 4)
  })
})
