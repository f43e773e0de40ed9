import { Dice } from '../dice.ts'

const EXTENSIONS =
  'proto type poff ifidx nla nlan mark queue hatype rxhash cpu vlan_tci vlan_pr vlan_avail vlan_tpid rand'.split(' ')
const ARITHMETIC = 'add sub mul div mod and or xor lsh rsh'.split(' ')
const TWO_WAYS = 'jeq jgt jge jset'.split(' ')
const ONE_WAY = 'jneq jne jlt jle'.split(' ')
/** Edges of what strtol takes, and of what 32 bits hold. */
const NUMBERS = (
  '0 1 4 14 -1 +7 15 0xf 0x800 0X86DD 0xffffffff 0x1ffffffff 0xffffffffffffffffffff 0b101 0B1111 010 0777 00 007 255 256 65535 ' +
  '4294967295 4294967296 -2147483648 -2147483649 9223372036854775807 9223372036854775808 -9223372036854775809 99999999999999999999999'
).split(' ')

/** A program as somebody might write it: most are right, some have a word too many, too few or a wrong one. */
export function asmSource(seed: number): string {
  const dice = new Dice(seed)
  const count = 1 + dice.below(dice.oneIn(12) ? 300 : 12)
  const labels = Array.from({ length: count }, (_, index) =>
    dice.oneIn(2) ? `l${index}` : dice.pick([`_x${index}`, `Out_${index}`]),
  )
  const text = labels.map((label, index) => line(dice, label, labels.slice(index + 1, index + 260))).join('')
  return dice.oneIn(6) ? spoiled(dice, text) : text
}

function line(dice: Dice, label: string, ahead: readonly string[]): string {
  const comment = dice.oneIn(8)
    ? dice.pick(['; jeq #1, x', '/* ld #1 */', '/** a * b\n * c */', '\n# all of the line'])
    : ''
  const end = dice.oneIn(15) ? ' ' : '\n'
  return `${dice.oneIn(40) ? '' : `${label}${space(dice)}:`}${space(dice)}${insn(dice, ahead)}${space(dice)}${comment}${comment === '' ? end : '\n'}`
}

const space = (dice: Dice): string => dice.pick(['', ' ', ' ', '\t', '  ', ' \t '])
const shout = (dice: Dice, word: string): string => (dice.oneIn(6) ? word.toUpperCase() : word)

function insn(dice: Dice, ahead: readonly string[]): string {
  if (ahead.length === 0) return ret(dice)
  const kind = dice.pick([load, load, load, store, compute, compute, jump, jump, jump, plain, ret])
  return kind(dice, ahead)
}

const number = (dice: Dice): string => (dice.oneIn(3) ? String(dice.below(70)) : dice.pick(NUMBERS))
const hash = (dice: Dice): string => `#${dice.oneIn(8) ? ' ' : ''}${number(dice)}`
const registerX = (dice: Dice): string => dice.pick(['x', 'X', '%x', '% x'])
const gap = (dice: Dice): string => dice.pick(['', '', ' '])

function load(dice: Dice): string {
  const word = dice.pick('ld ld ld ldh ldb ldi ldx ldxi ldxb'.split(' '))
  return `${shout(dice, word)} ${dice.pick(OPERANDS[word] as (typeof OPERANDS)[string])(dice)}`
}

const packet = (dice: Dice): string => `[${gap(dice)}${number(dice)}${gap(dice)}]`
const indexed = (dice: Dice): string => `[${gap(dice)}${registerX(dice)}${gap(dice)}+ ${number(dice)}]`
const extension = (dice: Dice): string => `${dice.oneIn(4) ? '' : '#'}${shout(dice, dice.pick(EXTENSIONS))}`
const cell = (dice: Dice): string => `${dice.pick(['M', 'm'])}${gap(dice)}[${gap(dice)}${dice.below(16)}]`
const length = (dice: Dice): string => dice.pick(['#len', 'len', '#LEN'])
const header = (dice: Dice): string => {
  const [four, mask] = [
    dice.oneIn(12) ? number(dice) : '4',
    dice.oneIn(12) ? number(dice) : dice.pick(['0xf', '15', '0xF', '017']),
  ]
  return `${four}${gap(dice)}*${gap(dice)}(${gap(dice)}[${number(dice)}]${gap(dice)}&${gap(dice)}${mask})`
}

const OPERANDS: Readonly<Record<string, readonly ((dice: Dice) => string)[]>> = {
  ld: [hash, length, extension, cell, packet, indexed],
  ldh: [packet, indexed, extension],
  ldb: [packet, indexed, extension],
  ldi: [hash, number],
  ldx: [hash, length, cell, header],
  ldxi: [hash, number],
  ldxb: [header],
}

const store = (dice: Dice): string => `${shout(dice, dice.pick(['st', 'stx']))} ${cell(dice)}`
const compute = (dice: Dice): string =>
  `${shout(dice, dice.pick(ARITHMETIC))} ${dice.oneIn(2) ? hash(dice) : registerX(dice)}`
const plain = (dice: Dice): string => shout(dice, dice.pick(['tax', 'txa', 'neg']))
const ret = (dice: Dice): string => `${shout(dice, 'ret')} ${dice.pick(['a', '%a', 'A', 'x', '%x', hash(dice)])}`

function jump(dice: Dice, ahead: readonly string[]): string {
  const target = (): string => (dice.oneIn(60) ? 'nowhere' : dice.pick(ahead.slice(0, dice.oneIn(3) ? undefined : 5)))
  if (dice.oneIn(5)) return `${dice.pick(['jmp', 'ja', 'JA'])} ${target()}`
  const against = dice.oneIn(3) ? registerX(dice) : hash(dice)
  const first = `${against}${gap(dice)},${gap(dice)}${target()}`
  if (dice.oneIn(2)) return `${shout(dice, dice.pick(ONE_WAY))} ${first}`
  return `${shout(dice, dice.pick(TWO_WAYS))} ${first}${dice.oneIn(2) ? '' : `, ${target()}`}`
}

const STRAY = [
  ' x',
  ' a',
  ' #',
  ',',
  ' [',
  ']',
  ' M',
  ' %',
  ':',
  ' ld',
  ' 5',
  ' l1',
  '\n',
  ' /*',
  ' */',
  '$',
  ' q',
  ' ldq',
  ' -',
  '+',
  '(',
  '0x',
]

/** One place of the text is taken out, put in twice, or replaced. */
function spoiled(dice: Dice, text: string): string {
  const at = dice.below(text.length)
  const more = dice.pick([dice.pick(STRAY), text.slice(at, at + 1 + dice.below(4)), ''])
  return text.slice(0, at) + more + text.slice(at + dice.below(4))
}
