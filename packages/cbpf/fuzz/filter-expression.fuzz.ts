import {
  CbpfError,
  type ClassicInsn,
  ClassicMachine,
  checkClassic,
  compileFilter,
  disassembleClassic,
  encodeClassic,
  frameBuffer,
  LINK_TYPES,
} from '../src/index.ts'

export const name = 'cbpf-filter-expression'

const SEEDS = [
  'tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)',
  'not (src host 10.0.0.1 or 2001:db8::1) && ether host 02:00:00:00:00:01',
  'vlan 100 and mpls 5 and ip6 or pppoes and portrange http-443',
  'net 10.0.0.0 mask 255.0.0.0 or ip6 protochain \\tcp or len ^ 3 % 2 >= 7',
]

export function seeds(): Uint8Array[] {
  return SEEDS.map((text) => new TextEncoder().encode(text))
}

/** Any text for any link layer, the first byte tells which: a program that can be told and run, or an error of this package. */
export function fuzzOnce(input: Uint8Array): void {
  const expression = new TextDecoder().decode(input)
  const linkType = LINK_TYPES[(input[0] ?? 0) % LINK_TYPES.length]?.name ?? 'EN10MB'
  for (const optimize of [true, false]) {
    try {
      exercise(compileFilter(expression, { linkType, optimize }), input)
    } catch (error) {
      if (!(error instanceof CbpfError)) throw error
    }
  }
}

function exercise(insns: readonly ClassicInsn[], packet: Uint8Array): void {
  disassembleClassic(insns)
  encodeClassic(insns)
  // Header chains jump back, and long ones are too long: the kernel refuses them.
  if (checkClassic(insns) !== undefined) return
  const { result } = new ClassicMachine(insns).run(frameBuffer(packet))
  if (result !== 0 && result !== 262_144) throw new Error(`returned ${result}`)
}
