import { assembleLlvm, decodeInsns, encodeInsns, INSN_BYTES } from '@bpfoundry/isa'
import { MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { fixUp, VerifierError, type VerifierMap, type VerifierProgram, verify } from '../src/index.ts'

/** Any bytes as a program: there is a verdict, the same one with and without a log, and what is accepted can be fixed up. */
export const name = 'verify'

const COMPLEXITY_LIMIT = 1500
const [LOG_NOTHING, LOG_PATH, LOG_EVERYTHING] = [0, 1, 2]

const map = (id: number, type: number, valueSizeBytes: number, maxEntries: number): VerifierMap => ({
  ...{ id, name: `map${id}`, type, keySizeBytes: 4, valueSizeBytes, maxEntries, flags: 0 },
})
/** What the kernel keeps to itself in 32 bytes. */
const FIELDS: VerifierMap['fields'] = [
  { kind: 'bpf_spin_lock', offsetBytes: 0, sizeBytes: 4 },
  { kind: 'bpf_timer', offsetBytes: 8, sizeBytes: 16 },
  { kind: 'kptr_untrusted', offsetBytes: 24, sizeBytes: 8, target: 'object' },
]
/** By the fds 1 to 5: those that a flipped bit makes of each other. */
const MAPS = new Map([
  [1, map(1, MAP_TYPE.ARRAY, 64, 1)],
  [2, map(2, MAP_TYPE.HASH, 16, 8)],
  [3, map(3, MAP_TYPE.PROG_ARRAY, 4, 4)],
  [4, map(4, MAP_TYPE.DEVMAP, 4, 4)],
  [5, { ...map(5, MAP_TYPE.HASH, 32, 8), fields: FIELDS }],
])
const PLACEMENT = { mapAddress: (fd: number) => 0x1000 * fd, mapValueAddress: (fd: number) => 0x1000 * fd + 64 }

function check(program: VerifierProgram, profile: string): void {
  const limits = { profile, complexityLimit: COMPLEXITY_LIMIT }
  const result = verify(program, limits)
  for (const logLevel of [LOG_PATH, LOG_EVERYTHING]) {
    const logged = verify(program, limits, { logLevel })
    const same = result.ok ? logged.ok : !logged.ok && logged.rejection.message === result.rejection.message
    if (!same || (logged.log === '' && program.insns.length > 0))
      throw new Error(`log level ${logLevel} changes the verdict`)
  }
  if (!result.ok) {
    if (result.rejection.message === '' || result.rejection.errno <= 0) throw new Error('refused without a reason')
    return
  }
  if (result.log !== '') throw new Error(`a log at level ${LOG_NOTHING}`)
  if (result.verified.facts.length !== program.insns.length) throw new Error('facts for another program')
  const { insns, subprograms } = fixUp(result.verified, PLACEMENT)
  if (subprograms[0]?.start !== 0 || subprograms.at(-1)?.end !== insns.length) throw new Error('the bounds are off')
}

export function fuzzOnce(input: Uint8Array): void {
  const insns = decodeInsns(input.subarray(0, input.length - (input.length % INSN_BYTES)))
  const rest = { name: 'fuzz', expectedAttachType: 0, insns, gplCompatible: true, maps: MAPS }
  try {
    check({ ...rest, type: PROG_TYPE.XDP }, '6.12')
    check({ ...rest, type: PROG_TYPE.SCHED_CLS }, '6.18')
    check({ ...rest, type: PROG_TYPE.SOCKET_FILTER }, '6.12')
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error
  }
}

const SEEDS = [
  'r0 = 2\nexit',
  `r0 = 1
   r2 = *(u32 *)(r1 + 0)
   r3 = *(u32 *)(r1 + 4)
   r4 = r2
   r4 += 34
   if r4 > r3 goto out
   r5 = *(u8 *)(r2 + 14)
   r5 &= 15
   r5 <<= 2
   r2 += r5
   r4 = r2
   r4 += 20
   if r4 > r3 goto out
   r0 = *(u16 *)(r2 + 2)
   r0 = be16 r0
   out: exit`,
  `*(u32 *)(r10 - 4) = 1
   r2 = r10
   r2 += -4
   r1 = table ll
   call 1
   if r0 == 0 goto out
   r1 = *(u64 *)(r0 + 0)
   r1 &= 7
   r0 += r1
   *(u8 *)(r0 + 8) = 1
   r1 = 1
   r0 = 0
   out: r0 = 0
   exit`,
  `r6 = 0
   r0 = 0
   again: r0 += r6
   r6 += 1
   if r6 != 20 goto again
   *(u64 *)(r10 - 8) = r6
   r7 = *(u64 *)(r10 - 8)
   if w7 s< 5 goto again
   exit`,
  `r6 = r1
   r1 = 5
   call twice
   r1 = r6
   r2 = progs ll
   r3 = r0
   call 12
   r0 = 1
   exit
   twice: r0 = r1
   r0 += r1
   exit`,
  `*(u32 *)(r10 - 4) = 1
   r2 = r10
   r2 += -4
   r1 = locked ll
   call 1
   if r0 == 0 goto out
   r6 = r0
   r1 = r6
   call 93
   *(u32 *)(r6 + 4) = 1
   r1 = r6
   call 94
   r1 = r6
   r1 += 8
   r2 = 1000
   r3 = 0
   call 171
   *(u64 *)(r6 + 24) = 0
   out: r0 = 0
   exit`,
]

const FDS: Readonly<Record<string, number>> = { progs: 3, table: 2, locked: 5 }

/** Names of maps stand for fds. */
function encoded(text: string): Uint8Array {
  const { insns, relocations } = assembleLlvm(text, { externals: true })
  const linked = [...insns]
  for (const { pc, symbol } of relocations) {
    const insn = linked[pc]
    if (insn !== undefined) linked[pc] = { ...insn, src: 1, imm: FDS[symbol] ?? 0 }
  }
  return encodeInsns(linked)
}

export const seeds = (): Uint8Array[] => SEEDS.map(encoded)
