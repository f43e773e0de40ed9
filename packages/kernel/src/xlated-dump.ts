import type { ProgramImage } from '@bpfoundry/engine'
import {
  BPF_CALL,
  BPF_JMP,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  bpftoolImmediate,
  encodeInsns,
  formatKernelInsn,
  type Insn,
  isLdImm64,
} from '@bpfoundry/isa'
import { helperName, numberedKernelFunction } from '@bpfoundry/kernel-abi'

/** What {@link dumpXlated} shows beside the instructions. */
export interface DumpOptions {
  /** The bytes of each instruction below it. */
  readonly opcodes?: boolean
  /** File, line and column behind each source line. */
  readonly lineNumbers?: boolean
}

/**
 * A program after the fix-ups, as `bpftool prog dump xlated` prints it: a header a function, the source lines, map
 * references by map id. Calls of helpers show the helper's number, where Linux shows an offset in its own code.
 */
export function dumpXlated(image: ProgramImage, options: DumpOptions = {}): string {
  const lines: string[] = []
  const sources = new Map(image.lines.map((line) => [line.pc, line]))
  const functions = new Map(image.subprograms.map(({ start, name }) => [start, name]))
  const insns = withMapIds(image)
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc] as Insn
    const name = functions.get(pc)
    if (name !== undefined) lines.push(`${name}:`)
    const source = sources.get(pc)
    if (source !== undefined && source.text !== '') {
      const place = options.lineNumbers
        ? ` [file:${source.file} line_num:${source.line} line_col:${source.column}]`
        : ''
      lines.push(`; ${source.text.trim()}${place}`)
    }
    const wide = isLdImm64(insn)
    const text = formatKernelInsn(insn, insns[pc + 1], {
      immediate: bpftoolImmediate,
      callName: (call) => callName(image, pc, call),
    })
    lines.push(`${String(pc).padStart(4)}: ${text}`)
    if (options.opcodes) lines.push(`       ${hexBytes(image.insns.slice(pc, pc + (wide ? 2 : 1)))}`)
    if (wide) pc++
  }
  return `${lines.join('\n')}\n`
}

/** The instructions with guest addresses turned back into map ids. */
function withMapIds(image: ProgramImage): readonly Insn[] {
  const insns = [...image.insns]
  for (const { pc, mapId, valueOffsetBytes } of image.mapReferences) {
    const src = valueOffsetBytes === undefined ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE
    insns[pc] = { ...(insns[pc] as Insn), src, imm: mapId }
    insns[pc + 1] = { ...(insns[pc + 1] as Insn), imm: valueOffsetBytes ?? 0 }
  }
  return insns
}

function callName(image: ProgramImage, pc: number, insn: Insn): string | undefined {
  if (insn.opcode !== (BPF_JMP | BPF_CALL)) return undefined
  if (insn.src !== BPF_PSEUDO_CALL) return numberedKernelFunction(insn.imm) ?? helperName(insn.imm)
  const target = image.subprograms.find(({ start }) => start === pc + insn.imm + 1)
  return target === undefined ? undefined : `bpf_prog_${image.tag}_${target.name}`
}

function hexBytes(insns: readonly Insn[]): string {
  return [...encodeInsns(insns)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
