// node --import ./tools/typescript-hook/register.mjs --conditions=source apps/bpfoundry/bench/blinded-size.bench.ts
// How the programs that clang made grow by constant blinding: slots, and bytes of machine code.
import { readdirSync } from 'node:fs'
import { type MachineCode, prepareProgram } from '@bpfoundry/codegen'
import type { ProgramImage } from '@bpfoundry/engine'
import { BPF_PSEUDO_FUNC, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { translateArm64 } from '@bpfoundry/jit-arm64'
import { translateX86 } from '@bpfoundry/jit-x86_64'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { readSpec } from '@bpfoundry/testbench'
import { fixturePath } from '../src/fixture-path.ts'

/** What a map's address is about, for nothing is loaded here. */
const MAP_ADDRESS = 0x39000
const options = { progArray: PROG_ARRAY_LAYOUT, count: false }
const NO_MATTER = { tag: '', type: 1, expectedAttachType: 0, gplCompatible: true, lines: [], mapReferences: [] }
const random = (): number => (Math.random() * 2 ** 32) >>> 0

const withAddress = (insn: Insn): Insn =>
  isLdImm64(insn) && insn.src !== BPF_PSEUDO_FUNC ? { ...insn, src: 0, imm: MAP_ADDRESS } : insn

/** Slots, bytes for x86-64, bytes for arm64. */
function sizes(insns: readonly Insn[], blind: (() => number) | undefined): readonly number[] {
  const program = prepareProgram({ insns, subprograms: [] }, blind === undefined ? {} : { blind })
  const subprograms = program.subprograms.map((range) => ({ name: 'program', stackDepthBytes: 0, ...range }))
  const image: ProgramImage = { id: 1, name: 'program', ...NO_MATTER, ...program, subprograms }
  const codes: readonly MachineCode[] = [translateX86(image, options), translateArm64(image, options)]
  return [program.insns.length, ...codes.map(({ bytes }) => bytes.length)]
}

/** Sizes of a program, plain and blinded; undefined for those that are made to be refused. */
function measure(insns: readonly Insn[]): readonly (readonly number[])[] | undefined {
  try {
    return [sizes(insns, undefined), sizes(insns, random)]
  } catch {
    return undefined
  }
}

const totals = [0, 1].map(() => [0, 0, 0])
let programs = 0
const names = readdirSync(fixturePath('programs'), { recursive: true, encoding: 'utf8' })
for (const name of names.filter((one) => one.endsWith('.o'))) {
  for (const { insns } of readSpec(fixturePath(`programs/${name}`)).programs.values()) {
    const measured = measure(insns.map(withAddress))
    if (measured === undefined) continue
    programs++
    for (const [n, row] of measured.entries()) for (const [what, size] of row.entries()) totals[n]![what]! += size
  }
}
console.log(`${programs} programs: plain, blinded, more`)
for (const [what, name] of ['slots', 'x86-64, bytes', 'arm64, bytes'].entries()) {
  const [plain, blinded] = totals.map((row) => row[what]!) as [number, number]
  console.log([name.padEnd(14), plain, blinded, `${(100 * (blinded / plain - 1)).toFixed(1)} %`].join('\t'))
}
