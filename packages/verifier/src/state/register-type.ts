/**
 * What a register can hold: a base type in the low byte, modifiers above it.
 *
 * The modifiers are kernel-abi's TYPE_FLAG bits moved up by a byte, so that an argument's flags and a register's flags
 * compare directly.
 */
import { TYPE_FLAG } from '@bpfoundry/kernel-abi'

export const NOT_INIT = 0
export const SCALAR = 1
export const PTR_TO_CTX = 2
export const CONST_PTR_TO_MAP = 3
export const PTR_TO_MAP_VALUE = 4
export const PTR_TO_STACK = 5
export const PTR_TO_PACKET = 6
export const PTR_TO_PACKET_META = 7
export const PTR_TO_PACKET_END = 8
export const PTR_TO_MEM = 9
export const PTR_TO_MAP_KEY = 10
export const PTR_TO_BUF = 11
export const PTR_TO_FUNC = 12
export const PTR_TO_BTF_ID = 13
export const PTR_TO_SOCKET = 14
export const PTR_TO_SOCK_COMMON = 15
export const PTR_TO_TCP_SOCK = 16
export const PTR_TO_XDP_SOCK = 17
export const CONST_PTR_TO_DYNPTR = 18
export const PTR_TO_FLOW_KEYS = 19
export const PTR_TO_TP_BUFFER = 20
export const PTR_TO_ARENA = 21

const FLAG_SHIFT = 8

/** TYPE_FLAG bits as they stand in a register type. */
export function typeFlags(flags: number): number {
  return flags << FLAG_SHIFT
}

export const MAYBE_NULL: number = typeFlags(TYPE_FLAG.PTR_MAYBE_NULL)
export const MEM_RDONLY: number = typeFlags(TYPE_FLAG.MEM_RDONLY)
export const MEM_RINGBUF: number = typeFlags(TYPE_FLAG.MEM_RINGBUF)
export const PTR_TRUSTED: number = typeFlags(TYPE_FLAG.PTR_TRUSTED)
export const PTR_UNTRUSTED: number = typeFlags(TYPE_FLAG.PTR_UNTRUSTED)
export const MEM_RCU: number = typeFlags(TYPE_FLAG.MEM_RCU)
export const MEM_USER: number = typeFlags(TYPE_FLAG.MEM_USER)
export const MEM_PERCPU: number = typeFlags(TYPE_FLAG.MEM_PERCPU)
/** An object of the program's own. */
export const MEM_ALLOC: number = typeFlags(TYPE_FLAG.MEM_ALLOC)
/** Such an object that somebody else owns: it is lost where the lock is given back. */
export const NON_OWN_REF: number = typeFlags(TYPE_FLAG.NON_OWN_REF)

export function baseType(type: number): number {
  return type & 0xff
}

export function mayBeNull(type: number): boolean {
  return (type & MAYBE_NULL) !== 0
}

// biome-ignore format: table
const BASE_NAMES: readonly string[] = [
  '?', 'scalar', 'ctx', 'map_ptr', 'map_value', 'fp', 'pkt', 'pkt_meta', 'pkt_end', 'mem', 'map_key', 'buf', 'func',
  'ptr_', 'sock', 'sock_common', 'tcp_sock', 'xdp_sock', 'dynptr_ptr', 'flow_keys', 'tp_buffer', 'arena',
]

/** In the order in which the log puts them before the name. */
// biome-ignore format: table
const PREFIXES: readonly (readonly [flag: number, prefix: string])[] = [
  [TYPE_FLAG.MEM_RDONLY,    'rdonly_'],
  [TYPE_FLAG.MEM_RINGBUF,   'ringbuf_'],
  [TYPE_FLAG.MEM_USER,      'user_'],
  [TYPE_FLAG.MEM_PERCPU,    'percpu_'],
  [TYPE_FLAG.MEM_RCU,       'rcu_'],
  [TYPE_FLAG.PTR_UNTRUSTED, 'untrusted_'],
  [TYPE_FLAG.PTR_TRUSTED,   'trusted_'],
]

/** The log's name of a type: `map_value_or_null`, `rdonly_mem`. */
export function typeName(type: number): string {
  const prefix = PREFIXES.map(([flag, text]) => (type & typeFlags(flag) ? text : '')).join('')
  const isBtf = baseType(type) === PTR_TO_BTF_ID
  const suffix = mayBeNull(type) ? (isBtf ? 'or_null_' : '_or_null') : ''
  return prefix + (BASE_NAMES[baseType(type)] ?? '?') + suffix
}

export function isPacketPointer(type: number): boolean {
  return type === PTR_TO_PACKET || type === PTR_TO_PACKET_META
}

export function isAnyPacketPointer(type: number): boolean {
  return isPacketPointer(type) || type === PTR_TO_PACKET_END
}
