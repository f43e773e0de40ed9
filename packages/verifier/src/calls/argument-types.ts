/** Which registers an argument type takes. */
import { type ArgumentType, TYPE_FLAG } from '@bpfoundry/kernel-abi'
import type { RegisterState } from '../state/register-state.ts'
import {
  CONST_PTR_TO_DYNPTR,
  CONST_PTR_TO_MAP,
  MAYBE_NULL,
  MEM_RDONLY,
  MEM_RINGBUF,
  PTR_TO_ARENA,
  PTR_TO_BTF_ID,
  PTR_TO_BUF,
  PTR_TO_CTX,
  PTR_TO_FUNC,
  PTR_TO_MAP_KEY,
  PTR_TO_MAP_VALUE,
  PTR_TO_MEM,
  PTR_TO_PACKET,
  PTR_TO_PACKET_META,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_STACK,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  PTR_TRUSTED,
  SCALAR,
  typeFlags,
  typeName,
} from '../state/register-type.ts'

const ALLOCATED = PTR_TO_BTF_ID | typeFlags(TYPE_FLAG.MEM_ALLOC)
const RCU_BTF = PTR_TO_BTF_ID | typeFlags(TYPE_FLAG.MEM_RCU)
const PERCPU_BTF = PTR_TO_BTF_ID | typeFlags(TYPE_FLAG.MEM_PERCPU)
const TRUSTED_BTF = PTR_TO_BTF_ID | PTR_TRUSTED
const RINGBUF_MEMORY = PTR_TO_MEM | MEM_RINGBUF

// biome-ignore format: table
const MEMORY = [
  PTR_TO_STACK, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, RINGBUF_MEMORY,
  PTR_TO_BUF, TRUSTED_BTF,
] as const
const SOCKETS = [PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK] as const

/** In the order in which a refusal lists them; an argument type without a row takes any register. */
// biome-ignore format: table
const ACCEPTED: Readonly<Partial<Record<ArgumentType, readonly number[]>>> = {
  ARG_PTR_TO_MAP_KEY:            MEMORY,
  ARG_PTR_TO_MAP_VALUE:          MEMORY,
  ARG_PTR_TO_MEM:                MEMORY,
  ARG_CONST_SIZE:                [SCALAR],
  ARG_CONST_SIZE_OR_ZERO:        [SCALAR],
  ARG_CONST_ALLOC_SIZE_OR_ZERO:  [SCALAR],
  ARG_SCALAR:                    [SCALAR],
  ARG_CONST_MAP_PTR:             [CONST_PTR_TO_MAP],
  ARG_PTR_TO_CTX:                [PTR_TO_CTX],
  ARG_PTR_TO_SOCK_COMMON:        SOCKETS,
  ARG_PTR_TO_BTF_ID_SOCK_COMMON: [...SOCKETS, PTR_TO_BTF_ID, TRUSTED_BTF],
  ARG_PTR_TO_SOCKET:             [PTR_TO_SOCKET],
  ARG_PTR_TO_BTF_ID:             [PTR_TO_BTF_ID, TRUSTED_BTF, RCU_BTF],
  ARG_PTR_TO_SPIN_LOCK:          [PTR_TO_MAP_VALUE, ALLOCATED],
  ARG_PTR_TO_RINGBUF_MEM:        [RINGBUF_MEMORY],
  ARG_PTR_TO_PERCPU_BTF_ID:      [PERCPU_BTF, PERCPU_BTF | typeFlags(TYPE_FLAG.MEM_RCU), PERCPU_BTF | PTR_TRUSTED],
  ARG_PTR_TO_FUNC:               [PTR_TO_FUNC],
  ARG_PTR_TO_STACK:              [PTR_TO_STACK],
  ARG_PTR_TO_CONST_STR:          [PTR_TO_MAP_VALUE],
  ARG_PTR_TO_TIMER:              [PTR_TO_MAP_VALUE],
  ARG_KPTR_XCHG_DEST:            [PTR_TO_MAP_VALUE, ALLOCATED],
  ARG_PTR_TO_DYNPTR:             [PTR_TO_STACK, CONST_PTR_TO_DYNPTR],
}

const { DYNPTR_TYPE_LOCAL, DYNPTR_TYPE_RINGBUF, DYNPTR_TYPE_SKB, DYNPTR_TYPE_XDP } = TYPE_FLAG
/** Which sort of dynptr memory was got through. */
const DYNPTR_FLAGS = typeFlags(DYNPTR_TYPE_LOCAL | DYNPTR_TYPE_RINGBUF | DYNPTR_TYPE_SKB | DYNPTR_TYPE_XDP)

/** Flags of the register that the argument's own flags make irrelevant. */
function foldedType(register: RegisterState, argumentType: ArgumentType, argumentFlags: number): number {
  let { type } = register
  if ((argumentFlags & TYPE_FLAG.MEM_RDONLY) !== 0) type &= ~MEM_RDONLY
  if ((argumentFlags & TYPE_FLAG.PTR_MAYBE_NULL) !== 0) type &= ~MAYBE_NULL
  if (argumentType === 'ARG_PTR_TO_MEM') type &= ~DYNPTR_FLAGS
  return type
}

/** What is expected instead of what the register holds; undefined when it fits. */
export function mismatch(register: RegisterState, type: ArgumentType, argumentFlags: number): string | undefined {
  const accepted = ACCEPTED[type]
  if (accepted === undefined || accepted.includes(foldedType(register, type, argumentFlags))) return undefined
  return accepted.map(typeName).join(', ')
}

/** Pointers that may be handed over with an offset. Others must be as they were got. */
// biome-ignore format: table
const MAY_HAVE_OFFSET: ReadonlySet<number> = new Set([
  SCALAR, PTR_TO_STACK, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM,
  PTR_TO_MEM | MEM_RDONLY, RINGBUF_MEMORY, PTR_TO_BUF, PTR_TO_BUF | MEM_RDONLY, PTR_TO_ARENA,
])

export function mayHaveOffset(register: RegisterState): boolean {
  return MAY_HAVE_OFFSET.has(register.type)
}

const { NON_OWN_REF, MEM_RCU } = TYPE_FLAG

/** Pointers into structures that may be handed over with an offset, if that is a known one. @see check_func_arg_reg_off */
// biome-ignore format: table
const MAY_HAVE_FIXED_OFFSET: ReadonlySet<number> = new Set([
  PTR_TO_BTF_ID, TRUSTED_BTF, RCU_BTF, ALLOCATED, ALLOCATED | typeFlags(NON_OWN_REF),
  ALLOCATED | typeFlags(NON_OWN_REF | MEM_RCU),
])

export function mayHaveFixedOffset(register: RegisterState): boolean {
  return MAY_HAVE_FIXED_OFFSET.has(register.type)
}
