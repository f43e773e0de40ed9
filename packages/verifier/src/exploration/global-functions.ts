/** Functions that are judged by themselves, with any arguments that their prototypes allow. */
import {
  type FunctionArgument,
  functionArguments,
  isGlobalFunction,
  type StructArgument,
} from '../program/function-prototypes.ts'
import { Refusal, unsupported } from '../report/refusal.ts'
import { FrameState } from '../state/frame-state.ts'
import { pointerTo, type RegisterState, UNINITIALISED, UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  CONST_PTR_TO_DYNPTR,
  MAYBE_NULL,
  PTR_TO_BTF_ID,
  PTR_TO_CTX,
  PTR_TO_MEM,
  PTR_TRUSTED,
} from '../state/register-type.ts'
import type { Subprogram, Verification } from '../verification.ts'
import { explore } from './exploration.ts'

/**
 * The main function's prototype is looked at like a global one's. What is wrong with it is said, and of no consequence.
 *
 * @returns whether it says that it takes the context
 */
export function remarkMainPrototype(v: Verification): boolean {
  if (!isGlobalFunction(v.program, 0)) return false
  try {
    const found = functionArguments(v.program, 0)
    return found.length === 1 && found[0]?.kind === 'context'
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (error.code !== 'VERIFIER_UNSUPPORTED') v.log.print(`${error.message}\n`)
    return false
  }
}

/** The main function of an extension is called like the function that it takes the place of. */
export function startExtension(v: Verification): true {
  v.log.print(`Validating ${v.subprograms[0]?.name}() func#0...\n`)
  setArguments(v, v.frame, functionArgumentsOrRefuse(v, 0))
  return true
}

function setArguments(v: Verification, entry: FrameState, found: readonly FunctionArgument[]): void {
  entry.registers[1] = UNINITIALISED
  found.forEach((argument, position) => {
    entry.registers[position + 1] = argumentRegister(v, argument)
  })
}

/** Judges the global functions, or those that are called, each once, until no new ones turn up. */
export function judgeGlobalFunctions(v: Verification): void {
  const judged = new Set<number>()
  const next = (): number =>
    v.subprograms.findIndex(({ isGlobal, isCalled }, index) => {
      return isGlobal && (isCalled || v.profile.judgesGlobals === 'all') && !judged.has(index)
    })
  for (let index = next(); index >= 0; index = next()) {
    judged.add(index)
    judgeGlobalFunction(v, index)
  }
}

/** @see do_check_common in kernel/bpf/verifier.c */
function judgeGlobalFunction(v: Verification, index: number): void {
  enterGlobalFunction(v, index)
  explore(v)
  if (!v.log.tracesEverything) v.log.rewind(0)
  const { name } = v.subprograms[index] as Subprogram
  if (v.log.traces) v.log.print(`Func#${index} ('${name}') is safe for any args that match its prototype\n`)
}

/** Turns to the start of a global function, with any arguments that its prototype allows. */
export function enterGlobalFunction(v: Verification, index: number): void {
  const { name, start, isExceptionCallback } = v.subprograms[index] as Subprogram
  const entry = new FrameState(0, index, -1)
  v.startFunction(entry, start)
  v.log.print(`Validating ${name}() func#${index}...\n`)
  const found = functionArgumentsOrRefuse(v, start)
  if (isExceptionCallback) checkExceptionArguments(v, found)
  if (v.profile.globalArguments === 'context') checkPlainArguments(v, name, found)
  setArguments(v, entry, found)
  v.scratchAll()
}

function checkPlainArguments(v: Verification, name: string, found: readonly FunctionArgument[]): void {
  const index = found.findIndex(({ kind }) => kind !== 'number' && kind !== 'context')
  if (index < 0) return
  v.refuse('VERIFIER_FUNCTION_PROTOTYPE', 'EINVAL', `Arg#${index} type PTR in ${name}() is not supported yet.`)
}

function checkExceptionArguments(v: Verification, found: readonly FunctionArgument[]): void {
  if (found.length === 1 && found[0]?.kind === 'number') return
  v.refuse('VERIFIER_EXCEPTION', 'EINVAL', 'exception cb only supports single integer argument')
}

function functionArgumentsOrRefuse(v: Verification, start: number): readonly FunctionArgument[] {
  try {
    return functionArguments(v.program, start)
  } catch (error) {
    throw error instanceof Refusal ? v.noted(error) : error
  }
}

function argumentRegister(v: Verification, argument: FunctionArgument): RegisterState {
  if (argument.kind === 'number' || argument.kind === 'arena') return UNKNOWN_SCALAR
  if (argument.kind === 'context') return pointerTo(PTR_TO_CTX)
  if (argument.kind === 'dynptr') return pointerTo(CONST_PTR_TO_DYNPTR, { id: v.newId() })
  if (argument.kind === 'struct') return structArgument(v, argument)
  const memory = { memoryBytes: argument.sizeBytes }
  return argument.mayBeNull
    ? pointerTo(PTR_TO_MEM | MAYBE_NULL, { ...memory, id: v.newId() })
    : pointerTo(PTR_TO_MEM, memory)
}

function structArgument(v: Verification, { structName, mayBeNull }: StructArgument): RegisterState {
  const struct = v.kernel?.named(structName)
  if (struct === undefined)
    throw v.noted(unsupported(`a pointer to struct ${structName}, without such a type of the kernel, is`))
  const pointer = pointerTo(PTR_TO_BTF_ID | PTR_TRUSTED, { struct })
  return mayBeNull ? pointer.with({ type: pointer.type | MAYBE_NULL, id: v.newId() }) : pointer
}
