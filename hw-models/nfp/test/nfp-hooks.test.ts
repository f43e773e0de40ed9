import {
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_ATOMIC,
  BPF_B,
  BPF_CALL,
  BPF_DIV,
  BPF_DW,
  BPF_END,
  BPF_EXIT,
  BPF_FETCH,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LDX,
  BPF_MEM,
  BPF_MEMSX,
  BPF_MOD,
  BPF_MOV,
  BPF_MUL,
  BPF_ST,
  BPF_STX,
  BPF_W,
  BPF_X,
  type Insn,
} from '@bpfoundry/isa'
import { ERRNO, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import type { InsnFact, RegisterFact } from '@bpfoundry/verifier'
import { expect, test } from 'vitest'
import {
  BPF_FIRMWARE,
  CORENIC_FIRMWARE,
  type NfpCard,
  NfpDevice,
  type NfpFirmware,
  type NfpHooks,
  nfpCard,
} from '../src/index.ts'
import { pointer, registers, scalar, variablePointer } from './facts.ts'

const { EINVAL, EOPNOTSUPP } = ERRNO

const insn = (opcode: number, fields: Partial<Insn> = {}): Insn => ({
  opcode,
  dst: 0,
  src: 0,
  off: 0,
  imm: 0,
  ...fields,
})
const call = (imm: number): Insn => insn(BPF_JMP | BPF_CALL, { imm })
const EXIT = insn(BPF_JMP | BPF_EXIT)

const LOOKUP = 1
const UPDATE = 2
const DELETE = 3
const PRANDOM = 7
const EVENT = 25
const ADJUST_HEAD = 44
const ADJUST_TAIL = 65

interface Bed {
  readonly device: NfpDevice
  readonly hooks: NfpHooks
}

/** A card with one hash map, id 1, of 16-byte values, and a program under verification. */
function bed(firmware: NfpFirmware = BPF_FIRMWARE, type: number = PROG_TYPE.XDP, insns: readonly Insn[] = []): Bed {
  const card: NfpCard = { ...nfpCard('agilio-cx-2x10'), firmware }
  const device = new NfpDevice(card)
  device.allocateMap(1, {
    name: 'm',
    type: MAP_TYPE.HASH,
    keySizeBytes: 4,
    valueSizeBytes: 16,
    maxEntries: 8,
    flags: 0,
  })
  return { device, hooks: device.hooks({ type, insns }) }
}

type Registers = Readonly<Record<number, RegisterFact>>
type Visit = readonly [Insn, Registers]

const map = pointer('map_ptr', 0, 1)
const value = (offset: number): RegisterFact => pointer('map_value', offset, 1)
const stack = pointer('fp', -8)
const ldx = (size: number, off = 0): Insn => insn(BPF_LDX | BPF_MEM | size, { src: 2, off })
const stx = (size: number, off = 0): Insn => insn(BPF_STX | BPF_MEM | size, { dst: 2, off })
const xadd = (off = 0, imm = BPF_ADD): Insn => insn(BPF_STX | BPF_ATOMIC | BPF_W, { dst: 2, src: 3, off, imm })
const mul = (source: number, cls = BPF_ALU64, imm = 0): Insn => insn(cls | BPF_MUL | source, { dst: 1, src: 2, imm })
const div = (source: number, imm = 0): Insn => insn(BPF_ALU64 | BPF_DIV | source, { dst: 1, src: 2, imm })
const SMALL = scalar(0n, 10n)
const BIG = scalar(0n, 1n << 32n)

/** Visits of one instruction, in turn; the last one is refused. Messages are those of nfp/bpf/verifier.c. */
// biome-ignore format: table
const REFUSALS: readonly (readonly [string, number, string, readonly Visit[], NfpFirmware?, number?])[] = [
  ['modulo',                    EINVAL,     'instruction 0x97 not supported',                    [[insn(BPF_ALU64 | BPF_MOD), {}]]],
  ['sign-extending load',       EINVAL,     'instruction 0x91 not supported',                    [[insn(BPF_LDX | BPF_MEMSX | BPF_B), {}]]],
  ['swap to little endian',     EINVAL,     'instruction 0xd4 not supported',                    [[insn(BPF_ALU | BPF_END, { imm: 16 }), {}]]],
  ['bswap',                     EINVAL,     'instruction 0xd7 not supported',                    [[insn(BPF_ALU64 | BPF_END, { imm: 16 }), {}]]],
  ['far jump',                  EINVAL,     'instruction 0x6 not supported',                     [[insn(BPF_JMP32 | BPF_JA), {}]]],
  ['signed division',           EINVAL,     'instruction 0x37 not supported',                    [[insn(BPF_ALU64 | BPF_DIV, { off: 1 }), {}]]],
  ['sign-extending move',       EINVAL,     'instruction 0xbf not supported',                    [[insn(BPF_ALU64 | BPF_MOV | BPF_X, { off: 8 }), {}]]],
  ['a blinded program',         EINVAL,     'program uses extended registers - jit hardening?',  [[insn(BPF_ALU64 | BPF_MOV, { dst: 11 }), {}]]],
  ['a helper it lacks',         EOPNOTSUPP, 'unsupported function id: 5',                        [[call(5), {}]]],
  ['a tail call',               EOPNOTSUPP, 'unsupported function id: 12',                       [[call(12), {}]]],
  ['adjust_head',               EOPNOTSUPP, 'adjust_head not supported by FW',                   [[call(ADJUST_HEAD), {}]], withoutHead()],
  ['adjust_head with metadata', EOPNOTSUPP, 'adjust_head: FW requires shifting metadata, not supported by the driver', [[call(ADJUST_HEAD), {}]], withMetadata()],
  ['adjust_tail',               EOPNOTSUPP, 'adjust_tail not supported by FW',                   [[call(ADJUST_TAIL), {}]], CORENIC_FIRMWARE],
  ['update on a plain card',    EOPNOTSUPP, 'map_update: not supported by FW',                   [[call(UPDATE), { 1: map, 2: stack, 3: stack }]], CORENIC_FIRMWARE],
  ['delete on a plain card',    EOPNOTSUPP, 'map_delete: not supported by FW',                   [[call(DELETE), { 1: map, 2: stack }]], CORENIC_FIRMWARE],
  ['a key in the packet',       EOPNOTSUPP, 'map_lookup: unsupported ptr type 8',                [[call(LOOKUP), { 1: map, 2: pointer('pkt') }]]],
  ['a variable key',            EOPNOTSUPP, 'map_lookup: variable pointer',                      [[call(LOOKUP), { 1: map, 2: variablePointer('fp', 8n) }]]],
  ['an unaligned key',          EOPNOTSUPP, 'map_lookup: unaligned stack pointer 6',             [[call(LOOKUP), { 1: map, 2: pointer('fp', -6) }]]],
  ['a value in a map',          EOPNOTSUPP, 'map_update: unsupported ptr type 4',                [[call(UPDATE), { 1: map, 2: stack, 3: value(0) }]]],
  ['random numbers',            EOPNOTSUPP, "bpf_get_prandom_u32(): FW doesn't support random number generation", [[call(PRANDOM), {}]], CORENIC_FIRMWARE],
  ['events',                    EOPNOTSUPP, 'event_output: not supported by FW',                 [[call(EVENT), {}]], CORENIC_FIRMWARE],
  ['events to a chosen CPU',    EOPNOTSUPP, 'event_output: must use BPF_F_CURRENT_CPU, var_off: (0x1; 0x0)', [[call(EVENT), { 3: scalar(1n, 1n) }]]],
  ['events of the context',     EOPNOTSUPP, 'event_output: unsupported ptr type: 2',             [[call(EVENT), { 3: scalar(0xffffffffn, 0xffffffffn), 4: pointer('ctx') }]]],
  ['events of two kinds',       EINVAL,     'event_output: ptr type changed: 6 8',               [[call(EVENT), { 3: scalar(0xffffffffn, 0xffffffffn), 4: stack }], [call(EVENT), { 3: scalar(0xffffffffn, 0xffffffffn), 4: pointer('pkt') }]]],
  ['a variable stack pointer',  EINVAL,     'variable ptr stack access',                         [[ldx(BPF_W), { 2: variablePointer('fp', 4n) }]]],
  ['stack at two places',       EINVAL,     'stack access changed location was:-8 is:-6',        [[ldx(BPF_B), { 2: pointer('fp', -8) }], [ldx(BPF_B), { 2: pointer('fp', -6) }]]],
  ['read and count',            EOPNOTSUPP, 'map value use type conflict read vs atomic off: 0', [[ldx(BPF_W), { 2: value(0) }], [xadd(), { 2: value(0), 3: SMALL }]]],
  ['a variable value offset',   EOPNOTSUPP, 'map value offset is variable',                      [[ldx(BPF_W), { 2: variablePointer('map_value', 4n, 1) }]]],
  ['beyond the value',          EINVAL,     'map value access out-of-bounds',                    [[ldx(BPF_DW), { 2: value(12) }]]],
  ['map_ptr dereferenced',      EINVAL,     'unsupported ptr type: 3',                           [[ldx(BPF_W), { 2: map }]]],
  ['a write to a map',          EOPNOTSUPP, 'map writes not supported',                          [[stx(BPF_W), { 2: value(0) }]]],
  ['two kinds of pointer',      EINVAL,     'ptr type changed for instruction 6 -> 8',           [[ldx(BPF_W), { 2: stack }], [ldx(BPF_W), { 2: pointer('pkt') }]]],
  ['queue selection',           EOPNOTSUPP, 'queue selection not supported by FW',               [[stx(BPF_W, 16), { 2: pointer('ctx') }]], CORENIC_FIRMWARE],
  ['a store to the context',    EOPNOTSUPP, 'unsupported store to context field',                [[stx(BPF_W, 12), { 2: pointer('ctx') }]]],
  ['fetch and add',             EOPNOTSUPP, 'atomic op not implemented: 1',                      [[xadd(0, BPF_ADD | BPF_FETCH), { 2: value(0), 3: SMALL }]]],
  ['an atomic on the stack',    EOPNOTSUPP, 'atomic add not to a map value pointer: 6',          [[xadd(), { 2: stack, 3: SMALL }]]],
  ['an atomic of a pointer',    EOPNOTSUPP, 'atomic add not of a scalar: 8',                     [[xadd(), { 2: value(0), 3: pointer('pkt') }]]],
  ['a wide multiplier',         EINVAL,     'multiplier is not within u32 value range',          [[mul(BPF_X), { 1: BIG, 2: SMALL }]]],
  ['a wide multiplicand',       EINVAL,     'multiplicand is not within u32 value range',        [[mul(BPF_X), { 1: SMALL, 2: BIG }]]],
  ['wide on one of two paths',  EINVAL,     'multiplicand is not within u32 value range',        [[mul(BPF_X), { 1: SMALL, 2: SMALL }], [mul(BPF_X), { 1: SMALL, 2: BIG }]]],
  ['a negative multiplicand',   EINVAL,     "sign extended multiplicand won't be within u32 value range", [[mul(0, BPF_ALU64, -1), { 1: SMALL }]]],
  ['a wide dividend',           EINVAL,     'dividend is not within u32 value range',            [[div(0, 3), { 1: BIG }]]],
  ['a variable divisor',        EINVAL,     'divisor is not constant',                           [[div(BPF_X), { 1: SMALL, 2: scalar(1n, 3n) }]]],
  ['two constant divisors',     EINVAL,     'divisor is not constant',                           [[div(BPF_X), { 1: SMALL, 2: scalar(3n, 3n) }], [div(BPF_X), { 1: SMALL, 2: scalar(5n, 5n) }]]],
  ['a wide divisor',            EINVAL,     'divisor is not within u32 value range',             [[div(BPF_X), { 1: SMALL, 2: scalar(1n << 33n, 1n << 33n) }]]],
  ['a negative divisor',        EINVAL,     'divide by negative constant is not supported',      [[div(0, -3), { 1: SMALL }]]],
  ['a variable tc result',      EINVAL,     'unsupported exit state: 1, var_off: (0x0; 0xffffffffffffffff)', [[EXIT, { 0: SMALL }]], BPF_FIRMWARE, PROG_TYPE.SCHED_CLS],
  ['a tc result',               EINVAL,     'unsupported exit state: 1, imm: 3',                 [[EXIT, { 0: scalar(3n, 3n) }]], BPF_FIRMWARE, PROG_TYPE.SCHED_CLS],
]

function withoutHead(): NfpFirmware {
  const { adjustHead: _, ...rest } = BPF_FIRMWARE
  return rest
}

function withMetadata(): NfpFirmware {
  const { adjustHead } = BPF_FIRMWARE
  if (adjustHead === undefined) throw new Error('the firmware has adjust_head')
  return { ...BPF_FIRMWARE, adjustHead: { ...adjustHead, noMeta: false } }
}

for (const [title, errno, message, visits, firmware, type] of REFUSALS) {
  test(`${title} is refused`, () => {
    const { hooks } = bed(firmware, type)
    const answers = visits.map(([at, facts]) => hooks.insn(0, at, registers(facts)))
    expect(answers.slice(0, -1)).toEqual(visits.slice(1).map(() => undefined))
    expect(answers.at(-1)).toEqual({ errno, message })
  })
}

/** The same instructions with operands that the card can take. */
// biome-ignore format: table
const ACCEPTED: readonly (readonly [string, Visit, number?])[] = [
  ['a look-up by a stack key',       [call(LOOKUP), { 1: map, 2: stack }]],
  ['an update',                      [call(UPDATE), { 1: map, 2: stack, 3: stack }]],
  ['adjust_head',                    [call(ADJUST_HEAD), { 2: scalar(-20n & 0xffffffffffffffffn, -20n & 0xffffffffffffffffn) }]],
  ['a random number',                [call(PRANDOM), {}]],
  ['a load from the packet',         [ldx(BPF_DW, 6), { 2: variablePointer('pkt', 60n) }]],
  ['queue selection',                [stx(BPF_W, 16), { 2: pointer('ctx') }]],
  ['counting in a map',              [xadd(4), { 2: value(0), 3: SMALL }]],
  ['a negative 32-bit multiplicand', [mul(0, BPF_ALU, -1), { 1: SMALL }]],
  ['a constant divisor register',    [div(BPF_X), { 1: SMALL, 2: scalar(7n, 7n) }]],
  ['any XDP result',                 [EXIT, { 0: scalar() }]],
  ['a tc result it knows',           [EXIT, { 0: scalar(2n, 2n) }], PROG_TYPE.SCHED_CLS],
  ['swap to big endian',             [insn(BPF_ALU | BPF_END | BPF_X, { imm: 16 }), {}]],
]

for (const [title, [at, facts], type] of ACCEPTED) {
  test(`${title} is accepted`, () => {
    expect(bed(BPF_FIRMWARE, type).hooks.insn(0, at, registers(facts))).toBeUndefined()
  })
}

test('a counter may only be initialised to zero, in whichever order the two are seen', () => {
  const update = call(UPDATE)
  const arguments_ = registers({ 1: map, 2: pointer('fp', -4), 3: pointer('fp', -24) })
  const count = registers({ 2: value(4), 3: SMALL })
  const first = bed()
  expect(first.hooks.insn(0, xadd(), count)).toBeUndefined()
  expect(first.hooks.insn(1, update, arguments_, () => true)).toBeUndefined()
  expect(first.hooks.insn(1, update, arguments_, (offset) => offset !== -18)).toEqual({
    errno: EOPNOTSUPP,
    message:
      'value at offset 6/17 may be non-zero, bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues',
  })
  const second = bed()
  expect(second.hooks.insn(1, update, arguments_, (offset) => offset !== -18)).toBeUndefined()
  expect(second.hooks.insn(0, xadd(), count)).toEqual({
    errno: EOPNOTSUPP,
    message: 'atomic counter in map value may already be initialized to non-zero value off: 4',
  })
})

test('how a map is used is remembered over programs of the card', () => {
  const { device, hooks } = bed()
  expect(hooks.insn(0, xadd(), registers({ 2: value(0), 3: SMALL }))).toBeUndefined()
  const later = device.hooks({ type: PROG_TYPE.XDP, insns: [] })
  expect(later.insn(0, ldx(BPF_W), registers({ 2: value(0) }))?.message).toBe(
    'map value use type conflict atomic vs read off: 0',
  )
})

test('the event helper warns and is accepted', () => {
  const { hooks } = bed()
  const facts = registers({ 3: scalar(0xffffffffn, 0xffffffffn), 4: stack })
  expect(hooks.insn(0, call(EVENT), facts)).toBeUndefined()
  expect(hooks.warnings).toEqual(['warning: return codes and behavior of event_output helper differ for offload!'])
  expect(hooks.prefix).toBe('[nfp] ')
})

const visited: InsnFact = { visited: true, registers: new Map() }

test('frames are rounded up to 64 bytes along the deepest chain of calls', () => {
  // main calls f (which writes r6) and g; f calls g.
  const pseudo = (imm: number) => insn(BPF_JMP | BPF_CALL, { src: 1, imm })
  const insns = [pseudo(2), pseudo(4), EXIT, insn(BPF_ALU64 | BPF_MOV, { dst: 6 }), pseudo(1), EXIT, EXIT]
  const facts = insns.map(() => visited)
  const fits = bed(BPF_FIRMWARE, PROG_TYPE.XDP, insns).hooks
  // 448 -> 448; 20 + 4 + 32 -> 64; 0 + 4 -> 64.
  expect(fits.finalize(facts, [384, 20, 0])).toBeUndefined()
  expect(fits.stackBytes).toBe(384 + 64 + 64)
  expect(bed(BPF_FIRMWARE, PROG_TYPE.XDP, insns).hooks.finalize(facts, [385, 20, 0])).toEqual({
    errno: EOPNOTSUPP,
    message: 'stack too large: program 576B > FW stack 512B',
  })
})

test.each([
  ['reads another context field', ldx(BPF_W, 12), { 2: pointer('ctx') }],
  ['stores a constant on the stack', insn(BPF_ST | BPF_MEM | BPF_W, { dst: 10 }), { 10: pointer('fp') }],
])('what %s is refused by the translator', (_title, at, facts) => {
  const { hooks } = bed(BPF_FIRMWARE, PROG_TYPE.XDP, [EXIT, at])
  expect(hooks.insn(1, at, registers(facts))).toBeUndefined()
  expect(hooks.finalize([visited, visited], [0])).toEqual({
    errno: EINVAL,
    message: 'Translation failed with error -95 (translated: 1)',
    prefix: '',
  })
  expect(hooks.finalize([visited, { ...visited, visited: false }], [0])).toBeUndefined()
})

test('the highest packet byte that is touched is kept', () => {
  const { hooks } = bed()
  hooks.insn(0, ldx(BPF_W, 10), registers({ 2: pointer('pkt', 20) }))
  expect(hooks.maxPacketOffset).toBe(33)
  hooks.insn(1, ldx(BPF_B, 0), registers({ 2: variablePointer('pkt', 100n) }))
  expect(hooks.maxPacketOffset).toBe(100)
})
