import { GuestMemory } from '@bpfoundry/guest-memory'
import { assembleLlvm } from '@bpfoundry/isa'
import { type NfpInsnFact, translateNfp } from '@bpfoundry/jit-nfp'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { createMap } from '@bpfoundry/maps'
import { expect, test } from 'vitest'
import { PathRecorder, pathCycles } from '../../src/index.ts'

function recorder(text: string, facts: readonly (NfpInsnFact | undefined)[] = [], stackDepth = 0): Recorded {
  const { insns } = assembleLlvm(text)
  const target = { maxWords: 2800, adjustHead: { offMin: 44, offMax: 248 } }
  const result = translateNfp({ type: PROG_TYPE.XDP, insns, facts, stackDepths: [stackDepth], target })
  if (result.translation === undefined) throw new Error(result.refusal.message)
  const memory = GuestMemory.create()
  const attributes = {
    name: 'table',
    type: 2,
    keySizeBytes: 4,
    valueSizeBytes: 8,
    maxEntries: 4,
    flags: 0,
    mapExtra: 0,
  }
  const map = createMap(memory, attributes, { id: 7, cpus: 1 })
  const program = { firmware: 'full', translation: result.translation, memory, maps: new Map([[1, map]]) } as const
  return { memory, map, recorder: (keepsMaps = false) => new PathRecorder({ ...program, keepsMaps }) }
}

interface Recorded {
  readonly memory: GuestMemory
  readonly map: ReturnType<typeof createMap>
  readonly recorder: (keepsMaps?: boolean) => PathRecorder
}

/** Two words of prologue, four of r0, a jump of four, eleven of the outro whose last branch hides two. */
test.each([
  ['0', 'drop'],
  ['1', 'drop'],
  ['2', 'pass'],
  ['3', 'redirect'],
  ['4', 'drop'],
])('r0 = %s: %s, by the result word of the card', (verdict, disposition) => {
  const path = recorder(`r0 = ${verdict}\nexit`).recorder().record(new Uint8Array(60))
  expect(path).toMatchObject({ disposition, egressBytes: 60 })
  expect(path.steps).toHaveLength(1)
  expect(pathCycles(path)).toBeGreaterThan(14)
  expect(pathCycles(path)).toBeLessThan(30)
})

test('what comes after the program ran once is the same: a core keeps nothing', () => {
  const one = recorder('r0 = 1\nexit').recorder()
  const first = one.record(new Uint8Array(60))
  expect(one.record(new Uint8Array(60))).toEqual(first)
  expect(one.record(new Uint8Array(1500))).toEqual({ ...first, egressBytes: 1500 })
})

/** The map is number 1 on the card. */
const COUNT = `
r1 = 2
*(u32 *)(r10 - 4) = r1
r2 = r10
r2 += -4
r1 = 1 ll
call 1
if r0 == 0 goto +2
r1 = 1
lock *(u64 *)(r0 + 0) += r1
r0 = 1
exit`
const COUNT_FACTS: NfpInsnFact[] = Array.from({ length: 13 }, () => ({}))
COUNT_FACTS[1] = { pointer: { kind: 'fp', offset: 0, knownVariable: 0 } }

COUNT_FACTS[6] = { call: { keyOffset: -4 } }
COUNT_FACTS[9] = { pointer: { kind: 'map_value', offset: 0 }, addend: { maybe16Bit: true, over16Bit: false } }

test('a look-up and a counter: commands to the memories that hold them, the counter big-endian', () => {
  const { map, recorder: make, memory } = recorder(COUNT, COUNT_FACTS, 4)
  const path = make().record(new Uint8Array(60))
  const commands = path.steps.flatMap(({ command }) => (command === undefined ? [] : [command]))
  expect(commands.map(({ memory: name, operation, waits }) => [name, operation, waits])).toEqual([
    ['imem', 'read', true],
    ['emem', 'add', true],
    ['emem', 'read', true],
    ['emem', 'add', false],
    ['emem', 'add', false],
  ])
  const value = (map.valueBase ?? 0) + 2 * (map.elementBytes ?? 0)
  expect(commands.at(-1)).toMatchObject({ address: value, bytes: 8 })
  expect([...memory.u8.subarray(value, value + 8)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0])
})

test('maps can be left as they are, and guest memory is given back', () => {
  const { map, recorder: make } = recorder(COUNT, COUNT_FACTS, 4)
  const before = map.lookupElement(Uint8Array.of(2, 0, 0, 0))
  const counting = make(false)
  const keeping = make(true)
  expect(keeping.record(new Uint8Array(60)).steps).toHaveLength(6)
  expect(map.lookupElement(Uint8Array.of(2, 0, 0, 0))).toEqual(before)
  counting.record(new Uint8Array(60))
  expect(map.lookupElement(Uint8Array.of(2, 0, 0, 0))).not.toEqual(before)
  for (let n = 0; n < 5000; n++) {
    const another = n % 50 === 0 ? make(true) : keeping
    another.record(new Uint8Array(60))
    if (another !== keeping) another.close()
  }
})
