/** What BTF says of a function of the program: which arguments it takes. @see btf_prepare_func_args in kernel/bpf/btf.c */
import { BTF_KIND, BTF_LINKAGE, type Btf, type BtfType, btfKindName, isModifier } from '@bpfoundry/btf'
import { ATTACH_TYPE, contextNames, ERRNO, type ErrnoName, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { Refusal, unsupported } from '../report/refusal.ts'
import type { VerifierProgram } from '../verifier-api.ts'

export type FunctionArgument =
  | { readonly kind: 'number' }
  | { readonly kind: 'context' }
  /** A valid pointer to a structure of the kernel. */
  | { readonly kind: 'struct'; readonly structName: string; readonly mayBeNull: boolean }
  | { readonly kind: 'dynptr' }
  /** An address in the program's arena, or any number. */
  | { readonly kind: 'arena' }
  | { readonly kind: 'memory'; readonly sizeBytes: number; readonly mayBeNull: boolean }

export type StructArgument = Extract<FunctionArgument, { readonly kind: 'struct' }>

const MAX_ARGUMENTS = 5

/** BTF id of the function at slot `start`; 0 where the program has no function information. */
function functionTypeId(program: VerifierProgram, start: number): number {
  return program.functionInfo?.find(({ pc }) => pc === start)?.typeId ?? 0
}

/** A function that other objects may call: it is judged by itself, for all arguments that its prototype allows. */
export function isGlobalFunction(program: VerifierProgram, start: number): boolean {
  const type = program.btf?.types[functionTypeId(program, start)]
  return type?.kind === BTF_KIND.FUNC && type.linkage === BTF_LINKAGE.GLOBAL
}

/** The function's prototype has it return a number of at most 8 bytes, or an enum. */
export function answersInteger({ btf, functionInfo }: VerifierProgram, start: number): boolean {
  const fn = btf?.types[functionInfo?.find(({ pc }) => pc === start)?.typeId ?? 0]
  const proto = fn?.kind === BTF_KIND.FUNC ? btf?.types[fn.typeId] : undefined
  return proto?.kind === BTF_KIND.FUNC_PROTO && isNumber((btf as Btf).resolve(proto.returnTypeId))
}

function refuse(code: string, message: string, errno: ErrnoName = 'EINVAL'): never {
  throw new Refusal({ code, errno, message })
}

const CODE = 'VERIFIER_FUNCTION_PROTOTYPE'

/**
 * The arguments of a global function.
 *
 * @throws {Refusal} in the kernel's words
 */
export function functionArguments(program: VerifierProgram, start: number): readonly FunctionArgument[] {
  const btf = program.btf as Btf
  const fn = btf.type(functionTypeId(program, start))
  const proto = fn.kind === BTF_KIND.FUNC ? btf.type(fn.typeId) : undefined
  if (proto?.kind !== BTF_KIND.FUNC_PROTO) refuse(CODE, `Invalid type of function ${fn.name}()`)
  const { parameters } = proto
  if (parameters.length > MAX_ARGUMENTS) {
    refuse(CODE, `Global function ${fn.name}() with ${parameters.length} > ${MAX_ARGUMENTS} args. Buggy compiler.`)
  }
  if (!isNumber(btf.resolve(proto.returnTypeId))) {
    refuse(CODE, `Global function ${fn.name}() doesn't return scalar. Only those are supported.`)
  }
  return parameters.map(({ typeId }, index) => argument({ program, btf, fn, index, type: btf.resolve(typeId) }))
}

const NUMBERS: ReadonlySet<number> = new Set([BTF_KIND.INT, BTF_KIND.ENUM, BTF_KIND.ENUM64])

function isNumber(type: BtfType): boolean {
  return NUMBERS.has(type.kind)
}

/** One parameter, modifiers of its type taken off. */
interface Parameter {
  readonly program: VerifierProgram
  readonly btf: Btf
  readonly fn: BtfType
  readonly index: number
  readonly type: BtfType
}

/** Known decl tags of parameters, without `arg:`. */
const TAGS: ReadonlySet<string> = new Set(['ctx', 'trusted', 'nonnull', 'nullable', 'arena'])

function tagsOf({ btf, fn, index }: Parameter): ReadonlySet<string> {
  const found = new Set<string>()
  for (const type of btf.types) {
    if (type.kind !== BTF_KIND.DECL_TAG || type.typeId !== fn.id || type.componentIndex !== index) continue
    if (!type.name.startsWith('arg:')) continue
    const tag = type.name.slice('arg:'.length)
    if (!TAGS.has(tag)) refuse(CODE, `arg#${index} has unsupported set of tags`, 'EOPNOTSUPP')
    found.add(tag)
  }
  return found
}

function argument(parameter: Parameter): FunctionArgument {
  const { index, type, fn } = parameter
  const tags = tagsOf(parameter)
  if (type.kind === BTF_KIND.PTR) return pointerArgument(parameter, type.typeId, tags)
  if (tags.size > 0) refuse(CODE, `arg#${index} has pointer tag, but is not a pointer type`)
  if (isNumber(type)) return { kind: 'number' }
  return refuse(CODE, `Arg#${index} type ${btfKindName(type.kind)} in ${fn.name}() is not supported yet.`)
}

function pointerArgument(parameter: Parameter, targetId: number, tags: ReadonlySet<string>): FunctionArgument {
  const { index, btf } = parameter
  if (tags.has('ctx') || isContext(parameter, targetId)) {
    if (tags.size > (tags.has('ctx') ? 1 : 0)) invalidTags(index)
    if (tags.has('ctx')) checkContextTag(parameter, targetId)
    return { kind: 'context' }
  }
  const target = btf.resolve(targetId)
  if (target.name === 'bpf_dynptr') {
    if (tags.size > 0) invalidTags(index)
    return { kind: 'dynptr' }
  }
  if (tags.has('trusted')) {
    if (tags.has('nonnull') || tags.has('arena')) invalidTags(index)
    return { kind: 'struct', structName: essentialName(target, index), mayBeNull: tags.has('nullable') }
  }
  if (tags.has('arena')) {
    if (tags.size > 1) refuse(CODE, `arg#${index} arena cannot be combined with any other tags`)
    return { kind: 'arena' }
  }
  if (tags.has('nullable')) invalidTags(index)
  return { kind: 'memory', sizeBytes: sizeOf(btf, target, index), mayBeNull: !tags.has('nonnull') }
}

/** The kernel's name of a structure: what follows three underscores tells the program's own descriptions of it apart. */
function essentialName(target: BtfType, index: number): string {
  if (target.kind === BTF_KIND.STRUCT && target.name !== '') return target.name.replace(/___.*$/, '')
  throw unsupported(`the trusted pointer arg#${index} to ${kernelKindName(target)} is`)
}

function invalidTags(index: number): never {
  return refuse(CODE, `arg#${index} has invalid combination of tags`)
}

function sizeOf(btf: Btf, target: BtfType, index: number): number {
  const sizeBytes = btf.sizeOf(target.id)
  if (sizeBytes !== undefined) return sizeBytes
  const name = `'${kernelKindName(target)} ${target.name}'`
  return refuse(CODE, `arg#${index} reference type(${name}) size cannot be determined: -${ERRNO.EINVAL}`)
}

/** As the kernel's log spells kinds: `UNKNOWN` for void. */
function kernelKindName(type: BtfType): string {
  return type.kind === BTF_KIND.VOID ? 'UNKNOWN' : btfKindName(type.kind)
}

/** A pointer to the structure that programs of this type know their context by. @see btf_is_prog_ctx_type */
function isContext({ program, btf }: Parameter, targetId: number): boolean {
  if (program.type === PROG_TYPE.KPROBE && isRegisterTypedef(btf, targetId)) return true
  const target = btf.resolve(targetId)
  if (target.kind !== BTF_KIND.STRUCT || target.name === '') return false
  // The name that the kernel goes by is a typedef's: a struct that goes by it will do, too.
  const isTypedefName = program.type === PROG_TYPE.KPROBE && target.name === 'bpf_user_pt_regs_t'
  return isTypedefName || target.name === contextStruct(program.type)
}

/** `bpf_user_pt_regs_t`, behind qualifiers. */
function isRegisterTypedef(btf: Btf, targetId: number): boolean {
  let type = btf.type(targetId)
  while (isModifier(type) && type.kind !== BTF_KIND.TYPEDEF) type = btf.type(type.typeId)
  return type.kind === BTF_KIND.TYPEDEF && type.name === 'bpf_user_pt_regs_t'
}

/** Name of the context's struct; empty where it has none of its own. On x86-64 a kprobe's is struct pt_regs. */
function contextStruct(programType: number): string {
  const name = contextNames(programType)?.program ?? ''
  if (name === 'bpf_user_pt_regs_t') return 'pt_regs'
  return name.startsWith('__u') || name === 'void *' ? '' : name
}

const ANY_CONTEXT: ReadonlySet<number> = new Set([PROG_TYPE.TRACEPOINT, PROG_TYPE.SYSCALL, PROG_TYPE.EXT])
const WORDS_CONTEXT: ReadonlySet<number> = new Set([PROG_TYPE.RAW_TRACEPOINT, PROG_TYPE.RAW_TRACEPOINT_WRITABLE])
const REGISTER_CONTEXT: ReadonlySet<number> = new Set([PROG_TYPE.KPROBE, PROG_TYPE.PERF_EVENT])

/** What programs bound to kernel functions may call their context. */
function isBoundContext({ type, expectedAttachType }: VerifierProgram, target: BtfType): boolean {
  const isWord = target.kind === BTF_KIND.INT && target.sizeBytes === 8
  if (type === PROG_TYPE.LSM || type === PROG_TYPE.STRUCT_OPS) return isWord
  if (type !== PROG_TYPE.TRACING) return false
  if (expectedAttachType === ATTACH_TYPE.TRACE_ITER) {
    return target.kind === BTF_KIND.STRUCT && target.name.startsWith('bpf_iter__')
  }
  const isRaw = expectedAttachType === ATTACH_TYPE.TRACE_RAW_TP && target.name === 'bpf_raw_tracepoint_args'
  return isWord || (isRaw && target.kind === BTF_KIND.STRUCT)
}

/** A parameter tagged as context must be declared as one, or as a pointer to void. @see btf_validate_prog_ctx_type */
function checkContextTag({ program, btf, index }: Parameter, targetId: number): void {
  const { type } = program
  const target = btf.resolve(targetId)
  if (REGISTER_CONTEXT.has(type) && isRegisterTypedef(btf, targetId)) return
  if (target.kind === BTF_KIND.VOID) return
  if (target.name === '') refuse(CODE, `arg#${index} type doesn't have a name`)
  if (REGISTER_CONTEXT.has(type) && target.kind === BTF_KIND.STRUCT && target.name === 'pt_regs') return
  if (WORDS_CONTEXT.has(type) && target.kind === BTF_KIND.INT && target.sizeBytes === 8) return
  if (ANY_CONTEXT.has(type) || isBoundContext(program, target)) return
  const expected = contextStruct(type)
  if (expected === '') refuse(CODE, `arg#${index} should be void pointer`)
  if (target.kind === BTF_KIND.STRUCT && target.name === expected) return
  refuse(CODE, `arg#${index} should be \`struct ${expected} *\``)
}
