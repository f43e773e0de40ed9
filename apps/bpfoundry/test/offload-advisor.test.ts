import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const FOLDER = fixture('programs/not_offloadable')
const L4LB = fixture('programs/l4lb/l4lb.v3.o')
const GOLDEN = new URL('golden/l4lb-on-nfp.txt', import.meta.url)

interface Program {
  readonly object: string
  readonly program: string
  readonly offload: {
    readonly verdict: string
    readonly programWords?: number
    readonly blockers: readonly { readonly kind: string; readonly message: string; readonly advice: string }[]
    readonly notes: readonly { readonly message: string }[]
  }
}

/** What keeps the program `blocked` of each fixture from the card; the words are those of the driver of Linux 6.12. */
// biome-ignore format: table
const BLOCKED: Readonly<Record<string, readonly (readonly [kind: string, message: string])[]>> = {
  atomic_on_stack:       [['atomic-target', '[nfp] atomic add not to a map value pointer: 6']],
  clock:                 [['helper-unsupported', '[nfp] unsupported function id: 5']],
  constant_stored:       [['constant-store', 'NFP net bpf: Translation failed with error -95 (translated: 0)']],
  counter_inserted:      [['counter-update', '[nfp] value at offset 0/15 may be non-zero, bpf_map_update_elem() is required to initialize atomic counters to zero to avoid offload endian issues']],
  counter_read:          [['map-use-conflict', '[nfp] map value use type conflict atomic vs read off: 0']],
  counter_started:       [['counter-update', ''], ['counter-start', '[nfp] atomic counter in map value may already be initialized to non-zero value off: 0']],
  event_cpu:             [['event-cpu', '[nfp] event_output: must use BPF_F_CURRENT_CPU, var_off: (0x0; 0x3)']],
  event_data:            [['event-data-kind', '[nfp] event_output: unsupported ptr type: 17']],
  event_data_changes:    [['event-data-changes', '[nfp] event_output: ptr type changed: 4 6']],
  far_byte:              [['packet-split', 'nfp: BPF offload not supported with potential packet access beyond HW packet split boundary']],
  fetch_and_add:         [['atomic-operation', '[nfp] atomic op not implemented: 1']],
  ingress_port:          [['context-read', 'NFP net bpf: Translation failed with error -95 (translated: 0)']],
  key_at_variable_place: [['argument-variable', '[nfp] map_lookup: variable pointer']],
  key_in_packet:         [['argument-kind', '[nfp] map_lookup: unsupported ptr type 8']],
  key_unaligned:         [['argument-unaligned', '[nfp] map_lookup: unaligned stack pointer 2']],
  map_kinds: [
    ['map-type', ''],
    ['map-flags', 'NFP net bpf: map flags are not supported'],
    ['map-elements', 'NFP net bpf: map with too many elements: 4194304, left: 3071995'],
    ['map-element-size', 'NFP net bpf: map elements too large: 144, FW max element size (key+value): 64'],
    ['map-key-size', 'NFP net bpf: map key size 72, FW max is 64'],
    ['map-value-size', 'NFP net bpf: map value size 72, FW max is 64'],
    ['map-direct-value', 'no direct value access support for this map type'],
  ],
  mark_written:          [['context-store', '[nfp] unsupported store to context field']],
  metadata:              [['context-read', ''], ['pointer-kind', '[nfp] unsupported ptr type: 7']],
  modulo:                [['insn-unsupported', '[nfp] instruction 0x94 not supported']],
  modulo_variable:       [['insn-unsupported', '[nfp] instruction 0x9c not supported']],
  negative_divisor:      [['divisor-sign', '[nfp] divide by negative constant is not supported']],
  negative_factor:       [['multiplicand-sign', "[nfp] sign extended multiplicand won't be within u32 value range"]],
  pointer_added:         [['atomic-source', '[nfp] atomic add not of a scalar: 8']],
  pointer_changes:       [['pointer-changes', '[nfp] ptr type changed for instruction 8 -> 6']],
  redirect:              [['helper-unsupported', '[nfp] unsupported function id: 23']],
  result_code:           [['exit-code', '[nfp] unsupported exit state: 1, imm: 0']],
  result_unknown:        [['exit-variable', '[nfp] unsupported exit state: 1, var_off: (0x0; 0x2)']],
  sign_extension:        [['insn-unsupported', '[nfp] instruction 0x91 not supported'], ['insn-unsupported', '[nfp] instruction 0xbc not supported']],
  signed_division:       [['insn-unsupported', '[nfp] instruction 0x34 not supported'], ['insn-unsupported', '[nfp] instruction 0xbf not supported']],
  stack_alignment:       [['stack-moves', '[nfp] stack access changed location was:-8 is:-7']],
  stack_index:           [['stack-variable', '[nfp] variable ptr stack access']],
  stack_size:            [['stack-size', '[nfp] stack too large: program 576B > FW stack 512B']],
  swapped_bytes:         [['insn-unsupported', '[nfp] instruction 0xd7 not supported']],
  too_many_words:        [['program-length', 'NFP net bpf: instruction limit reached (2800 NFP instructions)']],
  value_index:           [['map-value-variable', '[nfp] map value offset is variable']],
  value_written:         [['map-write', '[nfp] map writes not supported']],
  variable_divisor:      [['divisor-variable', '[nfp] divisor is not constant']],
  wide_dividend:         [['dividend-range', '[nfp] dividend is not within u32 value range']],
  wide_divisor:          [['divisor-range', '[nfp] divisor is not within u32 value range']],
  wide_product:          [['multiplier-range', '[nfp] multiplier is not within u32 value range'], ['multiplicand-range', '[nfp] multiplicand is not within u32 value range']],
}

const objects = readdirSync(FOLDER).filter((file) => file.endsWith('.o'))

async function verify(...args: string[]): Promise<{ code: number | null; programs: readonly Program[] }> {
  const { code, stdout } = await bpfoundry('verify', ...args, '--nic', 'nfp', '--json')
  return { code, programs: JSON.parse(stdout).programs }
}

const zoo = await verify(...objects.map((file) => `${FOLDER}/${file}`), '--mtu', '9000')

function program(fixtureName: string, name: string): Program {
  const found = zoo.programs.find((row) => row.object.includes(`/${fixtureName}.v`) && row.program === name)
  if (found === undefined) throw new Error(`no ${name} in ${fixtureName}`)
  return found
}

for (const [name, expected] of Object.entries(BLOCKED)) {
  test(`${name}: everything is named that keeps it from the card, in the driver's words`, () => {
    const { offload } = program(name, 'blocked')
    expect(offload.verdict).toBe('blocked')
    expect(offload.blockers.map(({ kind }) => kind)).toEqual(expected.map(([kind]) => kind))
    for (const [at, [, message]] of expected.entries()) expect(offload.blockers[at]?.message).toContain(message)
    for (const { advice } of offload.blockers) expect(advice).not.toBe('')
  })
}

test('every program as advice has it rewritten goes to the card', () => {
  const rewritten = zoo.programs.filter((row) => row.program === 'rewritten')
  const refused = rewritten.filter(({ offload }) => offload.verdict !== 'offloads' || (offload.programWords ?? 0) < 9)
  expect(refused.map(({ object, offload }) => [object, offload.blockers])).toEqual([])
  expect(rewritten.length).toBe(objects.length)
})

test('every fixture is in the table', () => {
  const blocked = zoo.programs.filter((row) => row.program === 'blocked')
  expect(blocked.map(({ object }) => /(\w+)\.v\d\.o$/.exec(object)?.[1]).sort()).toEqual(Object.keys(BLOCKED).sort())
})

test('what the card takes but does otherwise is noted', () => {
  expect(program('redirect_verdict', 'rewritten').offload.notes).toMatchObject([
    { message: expect.stringContaining('bpf_app3'), source: { text: expect.stringContaining('XDP_REDIRECT') } },
  ])
  expect(program('event_cpu', 'rewritten').offload.notes).toEqual([
    { message: '[nfp] warning: return codes and behavior of event_output helper differ for offload!' },
  ])
})

test('another firmware lacks other things', async () => {
  const { code, programs } = await verify(`${FOLDER}/random.v3.o`, '--firmware', 'corenic')
  expect(code).toBe(1)
  expect(programs[0]?.offload.blockers).toMatchObject([
    { kind: 'helper-firmware', message: "[nfp] bpf_get_prandom_u32(): FW doesn't support random number generation" },
  ])
})

test('for people: a line a program, then each reason with map or source line, and the rewrite', async () => {
  const { code, stdout } = await bpfoundry('verify', L4LB, '--nic', 'agilio-cx-2x40')
  expect(code).toBe(1)
  const details = stdout.slice(stdout.indexOf('\n\n') + 2).replaceAll(L4LB, 'l4lb.v3.o')
  if (process.env['BLESS'] === '1') writeFileSync(GOLDEN, details)
  expect(details).toBe(readFileSync(GOLDEN, 'utf8'))
})

test('run --mode offload names all of it, too', async () => {
  const run = ['run', L4LB, '--mode', 'offload', '--pcap', fixture('captures/udp.pcap'), '--deterministic']
  const text = await bpfoundry(...run)
  expect(text).toMatchObject({ code: 1, stdout: '' })
  expect(text.stderr).toMatch(
    /^OFFLOAD_BLOCKED: balance does not go to agilio-cx-2x10 \(bpf-2\.0\.6\): \d+ reasons\n {2}1\. /,
  )
  expect(text.stderr.match(/\[nfp\] map writes not supported/g)).toHaveLength(2)
  const json = await bpfoundry(...run, '--json')
  expect(json).toMatchObject({ code: 1, stdout: '' })
  const { error } = JSON.parse(json.stderr)
  expect(error).toMatchObject({ code: 'OFFLOAD_BLOCKED', offload: { card: 'agilio-cx-2x10', verdict: 'blocked' } })
  expect(error.offload.blockers.length).toBeGreaterThan(4)
})

test('a card that does not run programs is no answer to --nic', async () => {
  const { code, stderr } = await bpfoundry('verify', L4LB, '--nic', 'ixgbe')
  expect(code).toBe(2)
  expect(stderr).toContain('agilio-cx-2x10')
})
