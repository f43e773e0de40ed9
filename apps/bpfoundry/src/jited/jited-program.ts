import type { MachineCode } from '@bpfoundry/codegen'
import type { EngineOptions, InlinedProgram, ProgramImage, ProgramLine } from '@bpfoundry/engine'
import { bpftoolImmediate, formatKernelInsn, type Insn, isLdImm64 } from '@bpfoundry/isa'
import { translateArm64 } from '@bpfoundry/jit-arm64'
import { emitWasm, wasmPositions } from '@bpfoundry/jit-wasm'
import { translateX86 } from '@bpfoundry/jit-x86_64'
import { helperName } from '@bpfoundry/kernel-abi'
import { PROG_ARRAY_LAYOUT } from '@bpfoundry/maps'
import { x86Features } from '@bpfoundry/native-exec'
import type { JitedEngine } from '../options/choices.ts'
import { type CodeLine, loadDisassembler, type MachineTarget } from './disassembler.ts'
import { readWasm } from './wasm-text.ts'

/** The code of one BPF instruction, or of what stands around them. */
export interface JitedPart {
  /** Slot; absent for what belongs to no instruction. */
  readonly pc?: number
  /** Name of the function that starts here. */
  readonly function?: string
  /** `prologue`, `epilogue` ... where there is no instruction. */
  readonly label?: string
  /** The BPF instruction in the kernel's syntax. */
  readonly bpf?: string
  readonly source?: ProgramLine
  readonly code: readonly CodeLine[]
}

/** A program as an engine's target code. */
export interface JitedProgram {
  readonly engine: string
  readonly program: string
  readonly tag: string
  readonly codeBytes: number
  /** What `offsetBytes` of its code counts, where it is not bytes: branches of a card's code name words, in decimal. */
  readonly addressing?: 'words'
  readonly parts: readonly JitedPart[]
}

const OPTIONS: EngineOptions = { progArray: PROG_ARRAY_LAYOUT }

/** What the engine named makes of the image. @throws the back end's own error for what it can't translate */
export async function jitedProgram(engine: JitedEngine, image: ProgramImage): Promise<JitedProgram> {
  const { codeBytes, parts } = engine === 'wasm' ? wasmParts(image) : await machineParts(engine, image)
  return { engine, program: image.name, tag: image.tag, codeBytes, parts }
}

/** How long what the engine named makes of the image is. @throws as {@link jitedProgram} */
export function codeBytesOf(engine: JitedEngine, image: ProgramImage): number {
  return engine === 'wasm' ? emitWasm(image, OPTIONS).length : translateFor(engine, image).bytes.length
}

type Parts = Pick<JitedProgram, 'codeBytes' | 'parts'>

async function machineParts(target: MachineTarget, image: ProgramImage): Promise<Parts> {
  const { bytes, insnOffsetsBytes } = translateFor(target, image)
  const disassemble = await loadDisassembler(target)
  const read = (from: number, to: number): CodeLine[] => disassemble(bytes.subarray(from, to), from)
  const program = image.inlined ?? image
  const first = insnOffsetsBytes[0] ?? 0
  const last = insnOffsetsBytes.at(-1) ?? 0
  const parts = insnParts(program, (pc) => read(insnOffsetsBytes[pc] as number, insnOffsetsBytes[pc + 1] as number))
  return {
    codeBytes: bytes.length,
    parts: [labelled('prologue', read(0, first)), ...parts, labelled('epilogue', read(last, bytes.length))].flat(),
  }
}

/** As the engine does it here; on a host of another kind for the least that the target has. */
function translateFor(target: MachineTarget, image: ProgramImage): MachineCode {
  if (target === 'arm64') return translateArm64(image, OPTIONS)
  const present = process.arch === 'x64' ? x86Features() : new Set()
  const features = { bmi2: present.has('bmi2'), movbe: present.has('movbe') }
  return translateX86(image, { ...OPTIONS, features })
}

/** Code is in the order of the module; what stands before an instruction's own belongs to the structure around it. */
function wasmParts(image: ProgramImage): Parts {
  const bytes = emitWasm(image, OPTIONS)
  const program = image.inlined ?? image
  const positions = [...wasmPositions(image, OPTIONS)].sort((a, b) => a.offsetBytes - b.offsetBytes)
  const parts: JitedPart[] = []
  let at = 0
  for (const line of readWasm(bytes)) {
    while (at < positions.length && (positions[at]?.offsetBytes as number) <= line.offsetBytes) {
      parts.push(describe(program, positions[at]?.pc as number, []))
      at++
    }
    const part = parts.at(-1)
    if (part === undefined || line.text.startsWith('(')) parts.push({ code: [line] })
    else parts[parts.length - 1] = { ...part, code: [...part.code, line] }
  }
  return { codeBytes: bytes.length, parts }
}

function labelled(label: string, code: readonly CodeLine[]): JitedPart[] {
  return code.length === 0 ? [] : [{ label, code }]
}

function insnParts(program: InlinedProgram, codeOf: (pc: number) => CodeLine[]): JitedPart[] {
  const parts: JitedPart[] = []
  for (let pc = 0; pc < program.insns.length; pc++) {
    const wide = isLdImm64(program.insns[pc] as Insn)
    parts.push(describe(program, pc, wide ? [...codeOf(pc), ...codeOf(pc + 1)] : codeOf(pc)))
    if (wide) pc++
  }
  return parts
}

function describe({ insns, subprograms, lines }: InlinedProgram, pc: number, code: readonly CodeLine[]): JitedPart {
  const name = subprograms.find(({ start }) => start === pc)?.name
  const source = lines.find((line) => line.pc === pc && line.text !== '')
  const bpf = formatKernelInsn(insns[pc] as Insn, insns[pc + 1], {
    immediate: bpftoolImmediate,
    callName: (insn) => (insn.src === 0 ? helperName(insn.imm) : undefined),
  })
  return {
    pc,
    bpf,
    code,
    ...(name === undefined ? {} : { function: name }),
    ...(source === undefined ? {} : { source }),
  }
}
