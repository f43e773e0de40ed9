import type { FunctionType } from './binary/module-writer.ts'
import { TYPE, type ValueType } from './binary/opcode.ts'
import type { FunctionPlan, ProgramPlan } from './program-plan.ts'

/** Names of imported functions that are no helper's number. */
export const IMPORTED = {
  /** `(number) -> ()`: calls the helper of that number. */
  callByRegister: 'callByRegister',
  /** `() -> ()`: there is no frame left for a call. Does not return. */
  callDepth: 'callDepth',
} as const

/**
 * First parameters of every function, the entry's and a subprogram's: guest address of the CPU block, and of the lowest
 * byte of the stack frame (r10 less its bytes, so that accesses by r10 have a constant offset that is not negative).
 */
export const CPU_LOCAL = 0
export const FRAME_LOCAL = 1
/** Further ones of an entry: r1, and how many tail calls have been made in this run. */
export const CTX_LOCAL = 2
export const TAIL_CALLS_LOCAL = 3
/** Further ones of a subprogram: those of r1..r5 that it reads. */
export const FIRST_ARGUMENT_LOCAL = 2

const { i32, i64 } = TYPE
const ENTRY: FunctionType = { parameters: [i32, i32, i32, i32], results: [i32] }

/** Which type and function has which number in a program's module. */
export class ModuleLayout {
  readonly types: FunctionType[] = []
  readonly imports: { readonly name: string; readonly type: number }[] = []
  /** Type of every program's entry: all modules of a thread share the table of programs. */
  readonly entryType: number
  readonly callDepth: number
  readonly callByRegister: number
  readonly #helpers: ReadonlyMap<number, number>

  constructor(plan: ProgramPlan) {
    this.entryType = this.#type(ENTRY.parameters, ENTRY.results)
    this.#helpers = new Map(plan.helpers.map((helper) => [helper, this.#import(String(helper), [])]))
    this.callByRegister = plan.callsByRegister ? this.#import(IMPORTED.callByRegister, [i32]) : -1
    this.callDepth = plan.functions.length > 1 ? this.#import(IMPORTED.callDepth, []) : -1
  }

  /** Type of a program's own function. */
  typeOf({ index, parameters }: FunctionPlan): number {
    if (index === 0) return this.entryType
    return this.#type([i32, i32, ...parameters.map(() => i64)], [i64])
  }

  /** Number of a program's own function. */
  numberOf({ index }: FunctionPlan): number {
    return this.imports.length + index
  }

  /** Number of the function that calls a helper. */
  helper(helper: number): number {
    return this.#helpers.get(helper) as number
  }

  #import(name: string, parameters: readonly ValueType[]): number {
    return this.imports.push({ name, type: this.#type(parameters, []) }) - 1
  }

  #type(parameters: readonly ValueType[], results: readonly ValueType[]): number {
    const same = (a: readonly ValueType[], b: readonly ValueType[]): boolean =>
      a.length === b.length && a.every((type, at) => type === b[at])
    const known = this.types.findIndex((type) => same(type.parameters, parameters) && same(type.results, results))
    return known >= 0 ? known : this.types.push({ parameters, results }) - 1
  }
}
