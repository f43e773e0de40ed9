import {
  INSTRUCTIONS,
  type InstructionKind,
  type InstructionName,
  type InstructionRow,
  instructionRow,
} from '@bpfoundry/isa'
import fc from 'fast-check'
import { type LoweredProgram, lowerProgram } from './lowering.ts'
import { MAX_TURNS, SCALARS, type Statement, type StatementOf } from './statement.ts'

/** What {@link acceptedPrograms} makes. */
export interface ProgramOptions {
  /** Only instructions that this kernel has, `major.minor`; '6.12' by default. */
  readonly linux?: string
  /** Statements of a block at most; 16 by default. */
  readonly blockStatements?: number
  /** How deep branches and loops nest; 2 by default. */
  readonly depth?: number
  /** Subprograms at most; 2 by default. */
  readonly subprograms?: number
  /** Also use maps and plain helpers, by number: {@link withMapFds} makes such a program loadable. Off by default. */
  readonly maps?: boolean
  /** With maps: also tail calls. */
  readonly tailCalls?: boolean
}

/** A random program, and bytes for the packet it runs on. */
export interface GeneratedProgram extends LoweredProgram {
  /** {@link PACKET_BYTES} bytes. */
  readonly packet: Uint8Array
}

/** The program leaves its registers and stack here, so that a comparison of packets sees them all. */
export const PACKET_BYTES = 256

function versionOf(text: string): number {
  const [major = 0, minor = 0] = text.split('.').map(Number)
  return major * 1000 + minor
}

/** Rows of some kinds that a program may hold on that kernel. */
function rowsOf(kinds: readonly InstructionKind[], linux: string): InstructionRow[] {
  const known = versionOf(linux)
  return INSTRUCTIONS.filter(
    (row) => kinds.includes(row.kind) && !row.internal && row.linux !== '' && versionOf(row.linux) <= known,
  )
}

const nameOf = (rows: readonly InstructionRow[]): fc.Arbitrary<InstructionName> =>
  fc.constantFrom(...rows.map((row) => row.name))

/** Immediates around the places where arithmetic changes its ways. */
const imm32: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 7, 8, 31, 32, 63, 64, 255, 256, 0x7fff, 0x8000, 0xffff, 0x7fffffff, -0x80000000),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
)
const scalar: fc.Arbitrary<number> = fc.constantFrom(...SCALARS)
const small: fc.Arbitrary<number> = fc.nat({ max: 63 })

type Plain = Exclude<Statement['kind'], 'branch' | 'loop' | 'call' | 'map' | 'helper' | 'tail-call'>

/** Statements without statements of their own. */
function plainStatements(linux: string): { readonly [Kind in Plain]: fc.Arbitrary<StatementOf<Kind>> } {
  const alu = nameOf(rowsOf(['alu', 'neg', 'movsx', 'swap'], linux))
  const access = nameOf(rowsOf(['load', 'store'], linux))
  const atomic = nameOf(rowsOf(['atomic', 'load_acq', 'store_rel'], linux))
  const place = { row: access, register: scalar, imm: imm32 }
  return {
    alu: fc.record({ kind: fc.constant('alu'), row: alu, dst: scalar, src: scalar, imm: imm32 }),
    imm64: fc.record({ kind: fc.constant('imm64'), dst: scalar, lo: imm32, hi: imm32 }),
    stack: fc.record({ kind: fc.constant('stack'), ...place, slot: small }),
    'indexed-stack': fc.record({ kind: fc.constant('indexed-stack'), ...place, index: scalar }),
    atomic: fc.record({ kind: fc.constant('atomic'), row: atomic, src: scalar, slot: small, imm: imm32 }),
    packet: fc.record({ kind: fc.constant('packet'), ...place, offset: small }),
    'indexed-packet': fc.record({ kind: fc.constant('indexed-packet'), ...place, index: scalar }),
  }
}

/** How often a kind of statement is drawn. */
const WEIGHTS: Readonly<Record<Statement['kind'], number>> = {
  alu: 12,
  imm64: 2,
  stack: 3,
  'indexed-stack': 1,
  atomic: 2,
  packet: 3,
  'indexed-packet': 1,
  branch: 4,
  loop: 1,
  call: 1,
  map: 5,
  helper: 1,
  'tail-call': 1,
}

/** Statements that call helpers. */
function helperStatements({ maps, tailCalls }: Required<ProgramOptions>): Leaf[] {
  const map = fc.record({
    kind: fc.constant('map'),
    map: small,
    use: fc.constantFrom('load', 'store', 'add', 'update', 'update', 'delete'),
    key: scalar,
    register: scalar,
    slot: small,
    flags: fc.constantFrom(0, 0, 0, 1, 2, 3),
    imm: imm32,
  })
  const helper = fc.record({ kind: fc.constant('helper'), helper: small, imm: imm32 })
  const tailCall = fc.record({ kind: fc.constant('tail-call'), index: fc.nat({ max: 3 }), imm: imm32 })
  const leaf = (kind: Statement['kind'], arbitrary: fc.Arbitrary<unknown>): Leaf => ({
    weight: WEIGHTS[kind],
    arbitrary: arbitrary as fc.Arbitrary<Statement>,
  })
  return [
    ...(maps ? [leaf('map', map), leaf('helper', helper)] : []),
    ...(tailCalls ? [leaf('tail-call', tailCall)] : []),
  ]
}

interface Leaf {
  readonly weight: number
  readonly arbitrary: fc.Arbitrary<Statement>
}

function statements(options: Required<ProgramOptions>): fc.Arbitrary<Statement[]> {
  const { linux, blockStatements } = options
  const jump = nameOf(rowsOf(['jump'], linux))
  const has = (name: InstructionName): fc.Arbitrary<boolean> =>
    versionOf(instructionRow(name).linux) <= versionOf(linux) ? fc.boolean() : fc.constant(false)
  const long = has('JMP32_JA')
  const guarded = has('MAY_GOTO')
  const plain = Object.entries(plainStatements(linux)).map(([kind, arbitrary]) => ({
    weight: WEIGHTS[kind as Plain],
    arbitrary: arbitrary as fc.Arbitrary<Statement>,
  }))
  const call = fc.record({ kind: fc.constant('call'), callee: fc.nat({ max: 7 }), imm: imm32 })
  const leaves = [
    ...plain,
    ...helperStatements(options),
    { weight: WEIGHTS.call, arbitrary: call as fc.Arbitrary<Statement> },
  ]
  const block = (depth: number): fc.Arbitrary<Statement[]> => {
    if (depth === 0) return fc.array(fc.oneof(...leaves), { maxLength: blockStatements >> 1, size: 'max' })
    const inner = block(depth - 1)
    const compare = { row: jump, dst: scalar, src: scalar, imm: imm32 }
    const branch = fc.record({ kind: fc.constant('branch'), ...compare, long, taken: inner, untaken: inner })
    const loop = fc.record({
      kind: fc.constant('loop'),
      turns: fc.integer({ min: 1, max: MAX_TURNS }),
      guarded,
      body: inner,
    })
    const nested = [
      { weight: WEIGHTS.branch, arbitrary: branch as fc.Arbitrary<Statement> },
      { weight: WEIGHTS.loop, arbitrary: loop as fc.Arbitrary<Statement> },
    ]
    return fc.array(fc.oneof(...leaves, ...nested), { maxLength: blockStatements, size: 'max' })
  }
  return block(options.depth)
}

/**
 * XDP programs of arithmetic, jumps, loops, calls, stack, atomic and packet accesses that the Linux verifier accepts:
 * every register is set before it is read, loops are bounded, accesses are checked. They are the same for an engine, for
 * their context is `struct xdp_md` with packet addresses of 32 bits, and nothing that depends on an address is left in
 * r0 or the packet. In the end each stores all scalars and the stack into the packet.
 */
export function acceptedPrograms(options: ProgramOptions = {}): fc.Arbitrary<GeneratedProgram> {
  const full = {
    linux: '6.12',
    blockStatements: 16,
    depth: 2,
    subprograms: 2,
    maps: false,
    tailCalls: false,
    ...options,
  }
  const block = statements(full)
  const callees = fc.array(block, { maxLength: full.subprograms, size: 'max' })
  const packet = fc.uint8Array({ minLength: PACKET_BYTES, maxLength: PACKET_BYTES })
  const seeds = fc.array(imm32, { minLength: SCALARS.length, maxLength: SCALARS.length })
  return fc
    .tuple(seeds, block, callees, packet)
    .map(([initial, main, subprograms, bytes]) => ({ ...lowerProgram(initial, main, subprograms), packet: bytes }))
}
