import { assembleLlvm } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { verify } from '@bpfoundry/verifier'
import { expect, test } from 'vitest'
import {
  BPF_FIRMWARE,
  CORENIC_FIRMWARE,
  type NfpFirmware,
  nfpCard,
  type OffloadAdvice,
  OffloadReview,
} from '../src/index.ts'

const CARD = nfpCard('agilio-cx-2x10')

interface Options {
  readonly type?: number
  readonly firmware?: NfpFirmware
  readonly maps?: number
  readonly mtu?: number
}

function review(source: string, options: Options = {}): OffloadAdvice {
  const { type = PROG_TYPE.XDP, firmware = BPF_FIRMWARE, maps = 0, mtu } = options
  const { insns } = assembleLlvm(source)
  const lineInfo = [{ pc: 0, file: 'a/p.c', line: 7, column: 2, text: '  int x = 1;' }]
  const program = { name: 'p', type, expectedAttachType: 0, gplCompatible: true, insns, maps: new Map(), lineInfo }
  const held = Array.from({ length: maps }, (_, id) => ({
    id: id + 1,
    attributes: { name: `m${id}`, type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 1, flags: 0 },
  }))
  const card = { ...CARD, firmware }
  const one = new OffloadReview(program, held, { card, ...(mtu === undefined ? {} : { mtu }) })
  const result = verify({ ...program, lineInfo: [] }, { device: one.hooks })
  return one.advice(result.ok ? undefined : result.rejection)
}

const { adjustHead } = BPF_FIRMWARE
const WITH_METADATA: NfpFirmware = {
  ...BPF_FIRMWARE,
  ...(adjustHead === undefined ? {} : { adjustHead: { ...adjustHead, noMeta: false } }),
}

/** What objects of the fixtures can't show: other firmware, other program types, more maps than an object has. */
// biome-ignore format: table
const BLOCKED: readonly (readonly [title: string, source: string, options: Options, kinds: readonly string[]])[] = [
  ['another type of program',         'r0 = 0\nexit',                                     { type: PROG_TYPE.SOCKET_FILTER },  ['program-type']],
  ['more maps than the card holds',   'r0 = 0\nexit',                                     { maps: 129 },                      ['map-count']],
  ['a queue that is chosen',          'r2 = 1\n*(u32 *)(r1 + 16) = r2\nr0 = 2\nexit',    { firmware: CORENIC_FIRMWARE },     ['queue-firmware']],
  ['metadata that has to be moved',   'r2 = 4\ncall 44\nr0 = 2\nexit',                    { firmware: WITH_METADATA },        ['adjust-head-metadata']],
  ['a helper the firmware lacks',     'r2 = -4\ncall 65\nr0 = 2\nexit',                   { firmware: CORENIC_FIRMWARE },     ['helper-firmware']],
]

test.each(BLOCKED)('%s keeps a program from the card', (_title, source, options, kinds) => {
  const { verdict, blockers } = review(source, options)
  expect([verdict, blockers.map(({ kind }) => kind)]).toEqual(['blocked', kinds])
  for (const { advice } of blockers) expect(advice.length).toBeGreaterThan(20)
})

test('a program that goes to the card is told its words; of one that does not there are none', () => {
  expect(review('r0 = 2\nexit')).toMatchObject({ verdict: 'offloads', blockers: [], stackBytes: 0, programWords: 26 })
  expect(review('r0 = 7\nr0 %= 3\nexit')).not.toHaveProperty('programWords')
})

test('each reason is named once, with its source line, however many paths come by', () => {
  const { blockers } = review('r2 = *(u32 *)(r1 + 12)\nif r2 == 0 goto l\nr2 = 5\nl: r2 %= 3\nr0 = r2\nexit')
  expect(blockers.map(({ kind, pc, source }) => [kind, pc, source?.line])).toEqual([
    ['context-read', 0, 7],
    ['insn-unsupported', 3, 7],
  ])
  expect(blockers[1]).toMatchObject({
    insn: '(97) r2 %= 3',
    errno: 'EINVAL',
    source: { file: 'a/p.c', text: 'int x = 1;' },
  })
})

test('what the verifier refuses anyway is blocked, with what was found before', () => {
  const { verdict, blockers } = review('r3 = *(u32 *)(r1 + 12)\nr3 %= 3\nr0 = r9\nexit')
  expect([verdict, blockers.map(({ kind }) => kind)]).toEqual(['blocked', ['insn-unsupported', 'verifier']])
  expect(blockers[1]).toMatchObject({ pc: 2, message: 'R9 !read_ok', errno: 'EACCES' })
})
