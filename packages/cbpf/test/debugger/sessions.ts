import { type ClassicInsn, checkClassic } from '../../src/index.ts'
import { Dice } from '../dice.ts'

/** Captured bytes of every packet, so that what bpf_dbg reads behind them is of no account. */
export const PACKET_BYTES = 128

/** A session: what is typed, and the packets of `t.pcap`. */
export interface Session {
  readonly commands: readonly string[]
  readonly packets: readonly { readonly data: Uint8Array; readonly lengthBytes: number }[]
}

/** A session as somebody might have one, on a program that the kernel takes; of some, a line is wrong. */
export function session(seed: number): Session {
  const dice = new Dice(seed)
  const packets = Array.from({ length: 1 + dice.below(5) }, () => packet(dice))
  const commands = Array.from({ length: 2 + dice.below(18) }, () => command(dice))
  return {
    commands: [`load bpf ${bytecode(dice)}`, ...(dice.oneIn(20) ? [] : ['load pcap t.pcap']), ...commands],
    packets,
  }
}

function packet(dice: Dice): Session['packets'][number] {
  const bytes = PACKET_BYTES + dice.pick([0, 0, 1, 7, 60])
  const data = Uint8Array.from({ length: bytes }, () => dice.below(dice.oneIn(2) ? 4 : 256))
  data.set([8, 0, 0x45], 12)
  data[23] = dice.pick([1, 6, 17])
  return { data, lengthBytes: bytes + dice.pick([0, 0, 0, 1, 1000]) }
}

const COMMANDS: readonly ((dice: Dice) => string)[] = [
  () => 'run',
  (dice) => `run ${dice.pick(['1', '2', '3', '0', '-1', 'x', '1x', ' 2', '99999999999999999999'])}`,
  () => 'step',
  () => 'step',
  (dice) => `step ${dice.pick(['1', '2', '3', '7', '+2', '0', 'x', '99', '4294967297'])}`,
  (dice) => `step -${dice.pick(['1', '1', '2', '3', '9', '99999999999999999999'])}`,
  (dice) => `breakpoint ${dice.pick(['0', '1', '2', '3', '5', '8', '99', '-1', 'x', '2 '])}`,
  (dice) => `breakpoint${dice.pick(['', ' ', ' reset', ' r', ' reset '])}`,
  (dice) => `select${dice.pick([' 1', ' 2', ' 3', ' 0', ' 9', ' -1', '', ' ', ' x'])}`,
  (dice) => `disassemble${dice.pick(['', ' 0', ' 2', ' 99', ' x'])}`,
  () => 'dump',
  (dice) =>
    dice.pick([
      '',
      ' ',
      'foo',
      'ru',
      'Run',
      '  run  1',
      'load',
      'load b',
      'load x',
      'load pcap',
      'load p t.pcap',
      'load pcap nowhere',
      'quit',
    ]),
  (dice) => (dice.oneIn(4) ? `load bpf ${bytecode(dice)}` : 'step'),
]

const command = (dice: Dice): string => dice.pick(COMMANDS)(dice)

/** `N,code jt jf k,...`, with what scanners pass over, or with something wrong. */
export function bytecode(dice: Dice): string {
  const insns = program(dice)
  const fields = insns.map(({ code, jt, jf, k }) => [code, jt, jf, k].join(dice.oneIn(30) ? '  ' : ' '))
  const text = `${insns.length},${fields.join(dice.oneIn(30) ? ' , ' : ',')}${dice.pick(['', ','])}`
  if (!dice.oneIn(6)) return text
  const at = dice.below(text.length)
  return (
    text.slice(0, at) +
    dice.pick(['', ',', ' ', '-', 'x', '9', '+', '0', ',,', '99999999999999999999 ']) +
    text.slice(at + dice.below(3))
  )
}

/** A program that the kernel takes. */
function program(dice: Dice): readonly ClassicInsn[] {
  for (;;) {
    const insns = Array.from({ length: 1 + dice.below(16) }, () => pieces(dice)).flat()
    const whole = [...insns, ...Array.from({ length: 1 + dice.below(3) }, () => ret(dice))]
    if (checkClassic(whole) === undefined && whole.length > 1 && !whole.some((_, pc) => isBeyond(whole, pc)))
      return whole
  }
}

const INDIRECT = [0x40, 0x48, 0x50]

/** A jump to a load by X, past the one that makes X small: behind the packet bpf_dbg reads what lies there. */
function isBeyond(insns: readonly ClassicInsn[], pc: number): boolean {
  const { code, jt, jf, k } = insns[pc] as ClassicInsn
  if ((code & 7) !== 5) return false
  const targets = code === 5 ? [k] : [jt, jf]
  return targets.some((skipped) => INDIRECT.includes(insns[pc + 1 + skipped]?.code ?? 0))
}

const stmt = (code: number, k: number): ClassicInsn => ({ code, jt: 0, jf: 0, k })
const ret = (dice: Dice): ClassicInsn =>
  dice.oneIn(3) ? stmt(0x16, 0) : stmt(0x06, dice.pick([0, 0, 1, 65535, 0x7fffffff, 0xffffffff, 0x80000000]))
const ALU = [0x04, 0x14, 0x24, 0x44, 0x54, 0x64, 0x74, 0xa4]

function pieces(dice: Dice): ClassicInsn[] {
  const near = (): number => dice.below(4)
  const number = dice.oneIn(3) ? dice.pick([0, 0x800, 0xffffffff, 0x80000000, 1 << 20]) : dice.below(31)
  const cell = dice.below(16)
  const kinds: readonly (() => ClassicInsn[])[] = [
    () => [stmt(dice.pick([0x20, 0x28, 0x30]), dice.below(100))],
    () => [stmt(dice.pick([0x28, 0x30]), PACKET_BYTES - 1 + dice.below(2))],
    () => [stmt(0xb1, dice.below(40)), stmt(dice.pick([0x40, 0x48, 0x50]), dice.below(40))],
    () => [stmt(dice.pick(ALU), number & (dice.oneIn(2) ? 31 : 0xffffffff))],
    () => [stmt(dice.pick([0x34, 0x94]), number | 1), stmt(0x84, 0)],
    () => [stmt(0x01, dice.below(32)), stmt(dice.pick(ALU) | 8, 0)],
    () => [stmt(0x01, dice.below(3)), stmt(dice.pick([0x3c, 0x9c]), 0)],
    () => [stmt(dice.pick([0x02, 0x03]), cell), stmt(dice.pick([0x60, 0x61]), cell)],
    () => [stmt(0x02, cell)],
    () => [{ code: dice.pick([0x15, 0x25, 0x35, 0x45]), jt: near(), jf: near(), k: number }],
    () => [{ code: dice.pick([0x1d, 0x2d, 0x3d, 0x4d]), jt: near(), jf: near(), k: 0 }],
    () => [stmt(0x05, near()), stmt(0x80, 0)],
    () => [stmt(dice.pick([0x07, 0x87]), 0)],
    () => [stmt(0x00, number & 0x7fffffff), { ...ret(dice), jt: dice.oneIn(4) ? 1 : 0 }],
  ]
  return dice.pick(kinds)()
}
