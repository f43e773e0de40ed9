import { CORE_RELOCATION, type FunctionInfo, type LineInfo } from '@bpfoundry/btf'
import { type Diagnostic, isDiagnostic, type Place } from '@bpfoundry/diagnostics'
import {
  BPF_PSEUDO_BTF_ID,
  BPF_PSEUDO_CALL,
  BPF_PSEUDO_FUNC,
  BPF_PSEUDO_KFUNC_CALL,
  BPF_PSEUDO_MAP_FD,
  BPF_PSEUDO_MAP_VALUE,
  type Insn,
} from '@bpfoundry/isa'
import type { CodeFunction } from './code-section.ts'
import type { ExternReference, MapRelocation } from './collection-spec.ts'
import { describeCoreRelocation, isFinal } from './core/fixed-types.ts'
import { CONFIGURATION_MAP } from './kernel-configuration.ts'
import type { KernelReferences } from './kernel-references.ts'
import { LoaderError } from './loader-error.ts'
import { type ObjectFile, placeIn } from './object-file.ts'
import { type ExternTarget, type ObjectIndex, type Target, targetOf } from './relocation-target.ts'

/** Most instructions of one program, for any user of any kernel. @see BPF_COMPLEXITY_LIMIT_INSNS */
const MAX_PROGRAM_INSNS = 1_000_000

/** A program made of an entry function and all it calls. */
export interface LinkedProgram {
  readonly insns: Insn[]
  readonly mapRelocations: readonly MapRelocation[]
  readonly externs: readonly ExternReference[]
  readonly functionInfo: readonly FunctionInfo[]
  readonly lineInfo: readonly LineInfo[]
  readonly unsupported?: LoaderError
}

/** A function that is being gone through: where it begins in the program, and how far that is. */
interface Frame {
  readonly code: CodeFunction
  readonly base: number
  next: number
}

/** How CO-RE relocations are taken. */
export type CoreRelocationMode = 'refuse' | 'as-compiled'

/** How functions and variables of the kernel are taken. */
export type ExternMode = 'refuse' | 'keep'

/** How the programs of an object are linked. */
export interface LinkModes {
  readonly coreRelocations: CoreRelocationMode
  readonly externs: ExternMode
  /** Of the kernel that the object is for, where its types are known: the other modes don't count then. */
  readonly kernel?: KernelReferences
}

/**
 * Appends to a function every function it calls, directly or not, and points the calls at them. Order: each callee is
 * placed when its first call is met, and its own callees before the rest of its caller's, as libbpf does.
 *
 * @param budget instructions that may still be made of this object; counted down
 * @throws {LoaderError} LOADER_RELOCATION, LOADER_CALL, LOADER_TOO_LARGE
 */
export function linkProgram(
  index: ObjectIndex,
  entry: CodeFunction,
  modes: LinkModes,
  budget: { insns: number },
): LinkedProgram {
  const linker = new Linker(index, entry, modes, budget)
  linker.run()
  return linker.result()
}

class Linker {
  readonly #index: ObjectIndex
  readonly #entry: CodeFunction
  readonly #modes: LinkModes
  readonly #budget: { insns: number }
  readonly #bases = new Map<CodeFunction, number>()
  readonly #stack: Frame[] = []
  readonly #insns: Insn[] = []
  readonly #mapRelocations: MapRelocation[] = []
  readonly #externs: ExternReference[] = []
  #unsupported: LoaderError | undefined

  constructor(index: ObjectIndex, entry: CodeFunction, modes: LinkModes, budget: { insns: number }) {
    this.#index = index
    this.#entry = entry
    this.#modes = modes
    this.#budget = budget
  }

  run(): void {
    this.#placeAll(this.#entry)
    const callback = this.#index.exceptionCallbacks.get(this.#entry.name)
    if (callback !== undefined) this.#placeAll(callback)
  }

  /** A function and all it calls. */
  #placeAll(code: CodeFunction): void {
    this.#place(code)
    for (let frame = this.#stack.at(-1); frame !== undefined; frame = this.#stack.at(-1)) {
      if (frame.next >= frame.code.end) this.#stack.pop()
      else this.#step(frame)
    }
  }

  result(): LinkedProgram {
    for (const list of [this.#mapRelocations, this.#externs]) list.sort((a, b) => a.pc - b.pc)
    return {
      insns: this.#insns,
      mapRelocations: this.#mapRelocations,
      externs: this.#externs,
      functionInfo: this.#records(({ functionInfo }) => functionInfo),
      lineInfo: this.#records(({ lineInfo }) => lineInfo),
      ...(this.#unsupported === undefined ? {} : { unsupported: this.#unsupported }),
    }
  }

  /** Copies the function to the end of the program. Gives where it begins. */
  #place(code: CodeFunction): number {
    const known = this.#bases.get(code)
    if (known !== undefined) return known
    const base = this.#insns.length
    const length = code.end - code.start
    this.#budget.insns -= length
    if (base + length > MAX_PROGRAM_INSNS || this.#budget.insns < 0) throw this.#tooLarge()
    for (let pc = code.start; pc < code.end; pc++) this.#insns.push(code.section.insns[pc] as Insn)
    this.#bases.set(code, base)
    this.#stack.push({ code, base, next: code.start })
    if (this.#modes.kernel === undefined) this.#checkCoreRelocations(code, base)
    else this.#relocate(this.#modes.kernel, code, base)
    return base
  }

  /** Resolves one instruction. */
  #step(frame: Frame): void {
    const { code, base } = frame
    const pc = frame.next++
    const target = targetOf(this.#index, code.section, pc)
    if (target !== undefined) this.#apply(target, base + pc - code.start, code, pc)
  }

  #apply(target: Target, at: number, code: CodeFunction, pc: number): void {
    if (target.kind === 'extern') {
      this.#applyExtern(target, at, code, pc)
    } else if (target.kind === 'call' || target.kind === 'function') {
      const src = target.kind === 'call' ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC
      this.#patch(at, { src, imm: this.#place(target.callee) - at - 1 })
    } else if (target.kind === 'map') {
      this.#mapRelocations.push({ pc: at, map: target.map })
      this.#patch(at, { src: BPF_PSEUDO_MAP_FD, imm: 0 })
    } else {
      this.#mapRelocations.push({ pc: at, map: target.map, valueOffsetBytes: target.offsetBytes })
      this.#patch(at, { src: BPF_PSEUDO_MAP_VALUE, imm: 0 })
      this.#patch(at + 1, { imm: target.offsetBytes | 0 })
    }
  }

  #applyExtern(extern: ExternTarget, at: number, code: CodeFunction, pc: number): void {
    const { isCall, name, weak, hint } = extern
    const { kernel } = this.#modes
    if (kernel?.configuration.has(name)) {
      this.#attempt(code, pc, () => {
        const offsetBytes = kernel.configuration.offsetOf(extern)
        this.#apply({ kind: 'value', map: CONFIGURATION_MAP, offsetBytes }, at, code, pc)
      })
      return
    }
    if (kernel !== undefined) {
      this.#rewrite(at, code, pc, (insn, second) => kernel.resolve(extern, insn, second))
      return
    }
    if (this.#modes.externs === 'refuse') {
      const what = `${weak ? 'weak ' : ''}${isCall ? 'kernel function' : 'extern variable'} '${name}'`
      this.#refuse(`needs ${what}, which is not supported`, code, pc, what, hint)
      return
    }
    this.#externs.push({ pc: at, kind: isCall ? 'function' : 'variable', name, weak })
    this.#patch(at, { src: isCall ? BPF_PSEUDO_KFUNC_CALL : BPF_PSEUDO_BTF_ID, imm: 0 })
  }

  /** By the types of the kernel that the object is for. */
  #relocate(kernel: KernelReferences, code: CodeFunction, base: number): void {
    for (const relocation of code.coreRelocations) {
      const pc = code.start + relocation.pc
      this.#rewrite(base + relocation.pc, code, pc, (insn, second) => kernel.relocate(insn, second, relocation))
    }
  }

  /** Puts others in the place of one instruction, or of both slots of a wide one. */
  #rewrite(at: number, code: CodeFunction, pc: number, by: (insn: Insn, second?: Insn) => readonly Insn[]): void {
    const insn = this.#insns[at]
    if (insn === undefined) throw new Error(`slot ${at} is past the end of what was placed`)
    this.#attempt(code, pc, () => {
      const second = pc + 1 < code.end ? this.#insns[at + 1] : undefined
      for (const [index, one] of by(insn, second).entries()) this.#insns[at + index] = one
    })
  }

  /** What can't be done keeps the program from loading, not the object. */
  #attempt(code: CodeFunction, pc: number, change: () => void): void {
    try {
      change()
    } catch (error) {
      if (!isDiagnostic(error)) throw error
      this.#keepReason(error, code, pc)
    }
  }

  #keepReason(error: Diagnostic, code: CodeFunction, pc: number): void {
    const { message, got, hint } = error
    const isKnown = error instanceof LoaderError
    this.#unsupported ??= new LoaderError({
      code: isKnown ? error.code : 'LOADER_RELOCATION',
      message: `program '${this.#entry.name}': ${message}`,
      where: this.#placeOf(code, pc),
      ...(got === undefined ? {} : { got }),
      ...(hint === undefined ? {} : { hint }),
      cause: error,
    })
  }

  #patch(at: number, fields: Partial<Insn>): void {
    this.#insns[at] = { ...(this.#insns[at] as Insn), ...fields }
  }

  #checkCoreRelocations(code: CodeFunction, base: number): void {
    const btf = this.#index.object.btf
    if (btf === undefined) return
    for (const relocation of code.coreRelocations) {
      if (this.#modes.externs === 'keep' && relocation.kind === CORE_RELOCATION.TYPE_ID_TARGET) {
        const { name, kind: typeKind } = btf.type(relocation.typeId)
        this.#externs.push({ pc: base + relocation.pc, kind: 'type', name, typeKind, weak: false })
        continue
      }
      if (this.#modes.coreRelocations === 'as-compiled' || isFinal(btf, relocation)) continue
      const what = describeCoreRelocation(btf, relocation)
      const hint = "if the layout is the same on the target, load with coreRelocations: 'as-compiled'"
      this.#refuse('needs a CO-RE relocation, which is not supported', code, code.start + relocation.pc, what, hint)
    }
  }

  /** Keeps the first reason why the program can't be loaded. */
  #refuse(message: string, code: CodeFunction, pc: number, got: string, hint: string): void {
    this.#unsupported ??= new LoaderError({
      code: 'LOADER_UNSUPPORTED',
      message: `program '${this.#entry.name}' ${message}`,
      where: this.#placeOf(code, pc),
      got,
      hint,
    })
  }

  #placeOf(code: CodeFunction, pc: number): Place {
    const line = code.lineInfo.findLast((info) => info.pc <= pc - code.start)
    const source = line === undefined ? {} : { source: { file: line.file, line: line.line, text: line.text } }
    return placeIn(this.#index.object, { section: code.section.name, program: this.#entry.name, pc, ...source })
  }

  /** Records of all functions, moved to where those are now; none unless each function has one at its start. */
  #records<T extends FunctionInfo | LineInfo>(of: (code: CodeFunction) => readonly T[]): T[] {
    const placed = [...this.#bases]
    if (!placed.every(([code]) => of(code).some(({ pc }) => pc === 0))) return []
    return placed.flatMap(([code, base]) => of(code).map((record) => ({ ...record, pc: record.pc + base })))
  }

  #tooLarge(): LoaderError {
    const object: ObjectFile = this.#index.object
    return new LoaderError({
      code: 'LOADER_TOO_LARGE',
      message: `program '${this.#entry.name}' is too large`,
      where: placeIn(object, { section: this.#entry.section.name, program: this.#entry.name }),
      got: `over ${Math.min(MAX_PROGRAM_INSNS, this.#insns.length)} instructions`,
      expected: `${MAX_PROGRAM_INSNS} at most`,
    })
  }
}
