import { HELPER_PROTOTYPE_ROWS, type HelperPrototypeRow } from './helper-prototype-rows.ts'
import { HELPER_ROWS } from './helper-rows.ts'

/** enum bpf_type_flag: what modifies an argument's or result's type. May be or-ed. @see include/linux/bpf.h */
export const TYPE_FLAG = {
  PTR_MAYBE_NULL: 0x1,
  /** Read only; on an argument: read-only memory will do, too. */
  MEM_RDONLY: 0x2,
  MEM_RINGBUF: 0x4,
  MEM_USER: 0x8,
  MEM_PERCPU: 0x10,
  OBJ_RELEASE: 0x20,
  PTR_UNTRUSTED: 0x40,
  /** The helper fills the memory: it need not be initialised. */
  MEM_UNINIT: 0x80,
  DYNPTR_TYPE_LOCAL: 0x100,
  DYNPTR_TYPE_RINGBUF: 0x200,
  /** The size is part of the prototype. */
  MEM_FIXED_SIZE: 0x400,
  MEM_ALLOC: 0x800,
  PTR_TRUSTED: 0x1000,
  MEM_RCU: 0x2000,
  NON_OWN_REF: 0x4000,
  DYNPTR_TYPE_SKB: 0x8000,
  DYNPTR_TYPE_XDP: 0x10000,
  MEM_ALIGNED: 0x20000,
  /** The helper writes the memory. */
  MEM_WRITE: 0x40000,
} as const

export type TypeFlagName = keyof typeof TYPE_FLAG

/** enum bpf_arg_type without its aliases. */
export type ArgumentType =
  | 'ARG_CONST_MAP_PTR'
  | 'ARG_PTR_TO_MAP_KEY'
  | 'ARG_PTR_TO_MAP_VALUE'
  | 'ARG_PTR_TO_MEM'
  | 'ARG_PTR_TO_ARENA'
  | 'ARG_CONST_SIZE'
  | 'ARG_CONST_SIZE_OR_ZERO'
  | 'ARG_PTR_TO_CTX'
  | 'ARG_ANYTHING'
  | 'ARG_SCALAR'
  | 'ARG_PTR_TO_SPIN_LOCK'
  | 'ARG_PTR_TO_SOCK_COMMON'
  | 'ARG_PTR_TO_SOCKET'
  | 'ARG_PTR_TO_BTF_ID'
  | 'ARG_PTR_TO_RINGBUF_MEM'
  | 'ARG_CONST_ALLOC_SIZE_OR_ZERO'
  | 'ARG_PTR_TO_BTF_ID_SOCK_COMMON'
  | 'ARG_PTR_TO_PERCPU_BTF_ID'
  | 'ARG_PTR_TO_FUNC'
  | 'ARG_PTR_TO_STACK'
  | 'ARG_PTR_TO_CONST_STR'
  | 'ARG_PTR_TO_TIMER'
  | 'ARG_KPTR_XCHG_DEST'
  | 'ARG_PTR_TO_DYNPTR'

/** enum bpf_return_type without its aliases. */
export type ReturnType =
  | 'RET_INTEGER'
  | 'RET_VOID'
  | 'RET_PTR_TO_MAP_VALUE'
  | 'RET_PTR_TO_SOCKET'
  | 'RET_PTR_TO_TCP_SOCK'
  | 'RET_PTR_TO_SOCK_COMMON'
  | 'RET_PTR_TO_MEM'
  | 'RET_PTR_TO_MEM_OR_BTF_ID'
  | 'RET_PTR_TO_BTF_ID'

/** Type of an argument (`ArgumentType`) or of the result (`ReturnType`). */
export interface HelperValue<Type> {
  readonly type: Type
  /** {@link TYPE_FLAG} bits. */
  readonly flags: number
  /** With MEM_FIXED_SIZE. */
  readonly sizeBytes?: number
  /** Kernel structure behind a BTF pointer, where the prototype fixes it. */
  readonly structName?: string
}

/** What the verifier must know of a helper as one kind of program gets it. */
export interface HelperPrototype {
  readonly id: number
  /** `bpf_redirect_map` */
  readonly name: string
  /** The kernel's prototype without `bpf_` and `_proto`: `xdp_redirect_map`. */
  readonly variant: string
  readonly gplOnly: boolean
  /** Packet pointers are taken where memory is asked for. */
  readonly packetAccess: boolean
  readonly mightSleep: boolean
  /** Keeps those of r1-r5 that it takes no argument in. */
  readonly fastcall: boolean
  /** All packet pointers are invalid after it. */
  readonly changesPacketData: boolean
  readonly returns: HelperValue<ReturnType>
  /** r1 and on; shorter than five where the rest is unused. */
  readonly args: readonly HelperValue<ArgumentType>[]
}

function parseValue<Type extends string>(prefix: string, text: string): HelperValue<Type> {
  const [, words = '', size, structName] = /^([A-Z_|]+)(?::(\d+))?(?:@(\w+))?$/.exec(text) ?? []
  const [base = '', ...flagNames] = words.split('|')
  return {
    type: (prefix + base) as Type,
    flags: flagNames.reduce((flags, name) => flags | TYPE_FLAG[name as TypeFlagName], 0),
    ...(size === undefined ? {} : { sizeBytes: Number(size) }),
    ...(structName === undefined ? {} : { structName }),
  }
}

function parseRow(row: HelperPrototypeRow): HelperPrototype {
  const [variant, id, traits, returns, ...args] = row
  const [, shortName = '', , effect] = HELPER_ROWS[id - 1] ?? []
  return {
    id,
    name: `bpf_${shortName}`,
    variant,
    gplOnly: traits.includes('gpl'),
    packetAccess: traits.includes('packet'),
    mightSleep: traits.includes('sleep'),
    fastcall: traits.includes('fastcall'),
    changesPacketData: effect !== undefined,
    returns: parseValue('RET_', returns),
    args: args.map((text) => parseValue('ARG_', text)),
  }
}

/** Every prototype of Linux 6.12 by its variant. */
export const HELPER_PROTOTYPES: ReadonlyMap<string, HelperPrototype> = new Map(
  HELPER_PROTOTYPE_ROWS.map((row) => [row[0], parseRow(row)]),
)
