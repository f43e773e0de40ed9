/** Loads through pointers to sockets, by the tables of kernel-abi. @see check_sock_access in kernel/bpf/verifier.c */
import { contextField, type SocketKind, socketLayout } from '@bpfoundry/kernel-abi'
import { UNKNOWN_SCALAR } from '../state/register-state.ts'
import {
  baseType,
  PTR_TO_SOCK_COMMON,
  PTR_TO_SOCKET,
  PTR_TO_TCP_SOCK,
  PTR_TO_XDP_SOCK,
  typeName,
} from '../state/register-type.ts'
import type { Verification } from '../verification.ts'
import { type Access, loaded } from './access.ts'

const KINDS: ReadonlyMap<number, SocketKind> = new Map([
  [PTR_TO_SOCKET, 'sock'],
  [PTR_TO_SOCK_COMMON, 'sock_common'],
  [PTR_TO_TCP_SOCK, 'tcp_sock'],
  [PTR_TO_XDP_SOCK, 'xdp_sock'],
])

export function accessSocket(v: Verification, access: Access): void {
  const { pointer, pointerNumber, offset, sizeBytes, isWrite, valueNumber, signExtends } = access
  const name = typeName(pointer.type)
  if (isWrite) v.refuse('VERIFIER_READ_ONLY', 'EACCES', `R${pointerNumber} cannot write into ${name}`)
  const layout = socketLayout(KINDS.get(baseType(pointer.type)) as SocketKind)
  if (contextField(layout, { offsetBytes: offset, sizeBytes }) === undefined) {
    const message = `R${pointerNumber} invalid ${name} access off=${offset} size=${sizeBytes}`
    v.refuse('VERIFIER_SOCKET_ACCESS', 'EACCES', message)
  }
  if (valueNumber >= 0) v.write(valueNumber, loaded(UNKNOWN_SCALAR, sizeBytes, signExtends))
}
