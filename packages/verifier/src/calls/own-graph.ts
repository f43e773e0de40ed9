/**
 * Lists and trees of a program's own objects, in map values or in such objects: what is put into one belongs to it from then
 * on, and stays visible until the lock is given back.
 *
 * @see __process_kf_arg_ptr_to_graph_root, __process_kf_arg_ptr_to_graph_node in kernel/bpf/verifier.c
 */
import type { BtfType } from '@bpfoundry/btf'
import { isConstantScalar } from '../domain/scalar.ts'
import { toSignedNumber } from '../domain/word64.ts'
import type { CallableFunction } from '../kernel-types/kernel-function.ts'
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import { hasOwnField, type OwnField, ownFields } from '../kernel-types/own-types.ts'
import { TREE_ADD } from '../program/callback-helpers.ts'
import { unsupported } from '../report/refusal.ts'
import { pointerTo, type RegisterState } from '../state/register-state.ts'
import { MAYBE_NULL, MEM_ALLOC, MEM_RCU, NON_OWN_REF, PTR_TO_BTF_ID, PTR_TO_MAP_VALUE } from '../state/register-type.ts'
import { mapRegisters } from '../state/register-walk.ts'
import type { Verification } from '../verification.ts'
import type { Argument, KernelCallNotes } from './kernel-arguments.ts'
import { acquireReference, releaseReference } from './references.ts'
import { fieldsBehind, lockOffset, lockOwner } from './spin-lock.ts'
import { isInTreeCallback } from './tree-callback.ts'

const CODE = 'VERIFIER_OWN_OBJECT'
const OWN = PTR_TO_BTF_ID | MEM_ALLOC

interface GraphFunction {
  readonly root: 'bpf_list_head' | 'bpf_rb_root'
  /** It puts an object in, takes one out, or lets one be seen. */
  readonly use: 'put' | 'take' | 'see'
}

// biome-ignore format: table
const FUNCTIONS: ReadonlyMap<string, GraphFunction> = new Map<string, GraphFunction>([
  ['bpf_list_push_front_impl', { root: 'bpf_list_head', use: 'put' }],
  ['bpf_list_push_back_impl',  { root: 'bpf_list_head', use: 'put' }],
  ['bpf_list_pop_front',       { root: 'bpf_list_head', use: 'take' }],
  ['bpf_list_pop_back',        { root: 'bpf_list_head', use: 'take' }],
  [TREE_ADD,                   { root: 'bpf_rb_root',   use: 'put' }],
  ['bpf_rbtree_remove',        { root: 'bpf_rb_root',   use: 'take' }],
  ['bpf_rbtree_first',         { root: 'bpf_rb_root',   use: 'see' }],
  // Since 6.16.
  ['bpf_list_front',           { root: 'bpf_list_head', use: 'see' }],
  ['bpf_list_back',            { root: 'bpf_list_head', use: 'see' }],
  ['bpf_rbtree_root',          { root: 'bpf_rb_root',   use: 'see' }],
  ['bpf_rbtree_left',          { root: 'bpf_rb_root',   use: 'see' }],
  ['bpf_rbtree_right',         { root: 'bpf_rb_root',   use: 'see' }],
])

// biome-ignore format: table
const NODES = {
  bpf_list_head: 'bpf_list_node',
  bpf_rb_root:   'bpf_rb_node',
} as const

export function isGraphFunction({ name }: CallableFunction): boolean {
  return FUNCTIONS.has(name)
}

/** The function gives out an object of a list or a tree. */
export function givesGraphObject({ name }: CallableFunction): boolean {
  const use = FUNCTIONS.get(name)?.use
  return use === 'take' || use === 'see'
}

/** The parameter is a list or a tree, or the links of an object. */
export function isGraphPart({ name: called }: CallableFunction, { name }: BtfType): boolean {
  const root = FUNCTIONS.get(called)?.root
  return root !== undefined && (name === root || name === NODES[root])
}

export function takeGraphPart(v: Verification, argument: Argument, notes: KernelCallNotes): void {
  const fn = FUNCTIONS.get(argument.fn.name) as GraphFunction
  if (argument.target.name === fn.root) notes.root = rootAt(v, argument, fn)
  else notes.object = linkedObject(v, argument, fn, notes.root)
}

function placeOf(v: Verification, { number, register: { scalar, offset } }: Argument, what: string): number {
  if (!isConstantScalar(scalar)) {
    v.refuse(CODE, 'EINVAL', `R${number} doesn't have constant offset. ${what} has to be at the constant offset`)
  }
  return toSignedNumber(scalar.tnum.value) + offset
}

function notFound(v: Verification, what: string, at: number): never {
  return v.refuse(CODE, 'EINVAL', `${what} not found at offset=${at >>> 0}`)
}

function rootAt(v: Verification, argument: Argument, { root }: GraphFunction): OwnField {
  const { index, register } = argument
  const { type, referenceId } = register
  if (type !== PTR_TO_MAP_VALUE && type !== OWN) {
    v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to map value or allocated object`)
  }
  if (type === OWN && referenceId === 0) v.refuse(CODE, 'EINVAL', 'allocated object must be referenced')
  const at = placeOf(v, argument, root)
  const field = fieldsBehind(register).find(({ kind, offsetBytes }) => kind === root && offsetBytes === at)
  if (field === undefined) notFound(v, root, at)
  checkLocked(v, register, root)
  return field
}

/** The root's lock lies beside it, and is the one that is held. @see check_reg_allocation_locked */
function checkLocked(v: Verification, register: RegisterState, root: string): void {
  const { lock } = v.state
  if (lock !== undefined && lock.owner === lockOwner(v, register) && lock.id === register.id) return
  if (lock !== undefined) v.log.print('held lock and object are not in the same allocation\n')
  const hint = 'take the lock that lies beside it first, through the same pointer'
  v.refuse(CODE, 'EINVAL', `bpf_spin_lock at off=${lockOffset(register) ?? -1} must be held for ${root}`, hint)
}

function linkedStruct(v: Verification, { kind, linked }: OwnField): KernelStruct {
  const struct = v.own?.structOf(linked?.type)
  if (struct !== undefined) return struct
  throw v.noted(unsupported(`a ${kind} of struct ${linked?.type.name} is`))
}

function linkedObject(
  v: Verification,
  argument: Argument,
  fn: GraphFunction,
  root: OwnField | undefined,
): RegisterState {
  const { register } = argument
  const { struct } = register
  if (fn.use === 'put') checkOwned(v, argument)
  else checkSeen(v, argument)
  const node = NODES[fn.root]
  const at = placeOf(v, argument, node)
  if (!ownFields(struct).some(({ kind, offsetBytes }) => kind === node && offsetBytes === at)) notFound(v, node, at)
  const wanted = linkedStruct(v, root as OwnField)
  const offset = root?.linked?.offsetBytes
  const expected = `${node} at offset=${offset} in struct ${wanted.name}`
  if (wanted !== struct) {
    const found = `arg is at offset=${at} in struct ${struct?.name}`
    v.refuse(CODE, 'EINVAL', `operation on ${fn.root} expects arg#1 ${expected}, but ${found}`)
  }
  if (at !== offset) v.refuse(CODE, 'EINVAL', `arg#1 offset=${at}, but expected ${expected}`)
  return register
}

function checkOwned(v: Verification, { index, register: { type, referenceId } }: Argument): void {
  if (type !== OWN) v.refuse(CODE, 'EINVAL', `arg#${index} expected pointer to allocated object`)
  if (referenceId === 0) v.refuse(CODE, 'EINVAL', 'allocated object must be referenced')
}

/** What is taken out of a tree belongs to it, as far as is known. */
function checkSeen(v: Verification, { fn, register: { type, referenceId } }: Argument): void {
  const isSeen = (type & NON_OWN_REF) !== 0
  const { removesOwnedNodes } = v.profile
  if (removesOwnedNodes && !isSeen && referenceId === 0) {
    v.refuse(CODE, 'EINVAL', `${fn.name} can only take non-owning or refcounted bpf_rb_node pointer`)
  }
  if (!removesOwnedNodes && (!isSeen || referenceId !== 0)) {
    const hint = 'take out what bpf_rbtree_first gave under the same lock'
    v.refuse(CODE, 'EINVAL', 'rbtree_remove node input must be non-owning ref', hint)
  }
  if (!isInTreeCallback(v)) return
  v.refuse(CODE, 'EINVAL', `${removesOwnedNodes ? fn.name : 'rbtree_remove'} not allowed in rbtree cb`)
}

/** What marks an object that somebody else owns. */
function sharedFlags(struct: KernelStruct | undefined): number {
  return NON_OWN_REF | (hasOwnField(struct, 'bpf_refcount') ? MEM_RCU : 0)
}

/** What was put into a list or a tree is the program's no longer. @see ref_convert_owning_non_owning */
export function giveToGraph(v: Verification, { id, name }: CallableFunction, { object }: KernelCallNotes): void {
  if (FUNCTIONS.get(name)?.use !== 'put' || object === undefined) return
  const { referenceId, struct } = object
  const shared = sharedFlags(struct)
  mapRegisters(v.state, (register) =>
    register.referenceId === referenceId ? register.with({ referenceId: 0, type: register.type | shared }) : register,
  )
  if (releaseReference(v, referenceId)) return
  v.refuse(CODE, 'EINVAL', `kfunc ${name}#${id} reference has not been acquired before`)
}

/** An object of the tree, as its callback gets it: a pointer to its links. */
export function seenObject(v: Verification, root: OwnField): RegisterState {
  const struct = linkedStruct(v, root)
  return pointerTo(OWN | sharedFlags(struct), { struct, offset: root.linked?.offsetBytes ?? 0 })
}

/** The object that was taken out or found, or NULL. */
export function graphObject(v: Verification, { name }: CallableFunction, { root }: KernelCallNotes): RegisterState {
  const seen = seenObject(v, root as OwnField)
  const id = v.newId()
  if (FUNCTIONS.get(name)?.use === 'see') return seen.with({ type: seen.type | MAYBE_NULL, id })
  // As for objects that are made.
  const referenceId = acquireReference(v)
  return seen.with({ type: OWN | MAYBE_NULL, referenceId, id: referenceId })
}
