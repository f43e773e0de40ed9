/**
 * What is known of one register (or of one spilled register) on the path being explored. Immutable: states share them.
 *
 * A scalar is its {@link KnownScalar}. A pointer is a base of its type plus `offset` plus the scalar; where the scalar is
 * constant, its value is 0 unless the pointer came out of arithmetic with a known but large number.
 *
 * `id` links registers that came from one another: scalars that are equal (or, with `hasDelta`, differ by `offset`),
 * pointers of one NULL check, packet pointers with the same variable part.
 */
import { CONSTANT_ZERO, constant, isConstantZero, type KnownScalar, UNKNOWN } from '../domain/scalar.ts'
import { signExtended, type Word64 } from '../domain/word64.ts'
import type { KernelStruct } from '../kernel-types/kernel-types.ts'
import type { VerifierMap } from '../verifier-api.ts'
import { NOT_INIT, PTR_TO_STACK, SCALAR } from './register-type.ts'

/** Packet range of a pointer known to lie at or past the end: no byte may be read, but comparisons are decided. */
export const AT_PACKET_END = -1
export const BEYOND_PACKET_END = -2

export interface RegisterFields {
  readonly type: number
  /** Number, or variable part of a pointer's offset. */
  readonly scalar: KnownScalar
  /** Fixed part of a pointer's offset in bytes; of a scalar with `hasDelta`, its distance from the others of its id. */
  readonly offset: number
  readonly id: number
  readonly hasDelta: boolean
  /** Reference that this pointer belongs to; 0 for none. */
  readonly referenceId: number
  readonly map: VerifierMap | undefined
  /** Packet pointers: bytes known to be readable from the base on, or AT_PACKET_END, BEYOND_PACKET_END. */
  readonly packetRange: number
  /** PTR_TO_MEM: bytes readable from the base on. */
  readonly memoryBytes: number
  /** PTR_TO_STACK: which frame of the call chain. */
  readonly frameNumber: number
  /** PTR_TO_FUNC: which function of the program. */
  readonly subprogram: number
  /** PTR_TO_BTF_ID: what it points to. */
  readonly struct: KernelStruct | undefined
  /** PTR_TO_MEM out of a dynptr: that dynptr's id; 0 for none. */
  readonly dynptrId: number
}

export class RegisterState implements RegisterFields {
  readonly type: number
  readonly scalar: KnownScalar
  readonly offset: number
  readonly id: number
  readonly hasDelta: boolean
  readonly referenceId: number
  readonly map: VerifierMap | undefined
  readonly packetRange: number
  readonly memoryBytes: number
  readonly frameNumber: number
  readonly subprogram: number
  readonly struct: KernelStruct | undefined
  readonly dynptrId: number

  constructor(
    type: number,
    scalar: KnownScalar,
    offset: number,
    id: number,
    hasDelta: boolean,
    referenceId: number,
    map: VerifierMap | undefined,
    packetRange: number,
    memoryBytes: number,
    frameNumber: number,
    subprogram: number,
    struct: KernelStruct | undefined = undefined,
    dynptrId: number = 0,
  ) {
    this.type = type
    this.scalar = scalar
    this.offset = offset
    this.id = id
    this.hasDelta = hasDelta
    this.referenceId = referenceId
    this.map = map
    this.packetRange = packetRange
    this.memoryBytes = memoryBytes
    this.frameNumber = frameNumber
    this.subprogram = subprogram
    this.struct = struct
    this.dynptrId = dynptrId
  }

  /** A copy with some fields changed. */
  with(changes: Partial<RegisterFields>): RegisterState {
    return new RegisterState(
      changes.type ?? this.type,
      changes.scalar ?? this.scalar,
      changes.offset ?? this.offset,
      changes.id ?? this.id,
      changes.hasDelta ?? this.hasDelta,
      changes.referenceId ?? this.referenceId,
      'map' in changes ? changes.map : this.map,
      changes.packetRange ?? this.packetRange,
      changes.memoryBytes ?? this.memoryBytes,
      changes.frameNumber ?? this.frameNumber,
      changes.subprogram ?? this.subprogram,
      changes.struct ?? this.struct,
      changes.dynptrId ?? this.dynptrId,
    )
  }

  /** A copy with another number, or variable part: what most instructions change. */
  withScalar(scalar: KnownScalar): RegisterState {
    return new RegisterState(
      this.type,
      scalar,
      this.offset,
      this.id,
      this.hasDelta,
      this.referenceId,
      this.map,
      this.packetRange,
      this.memoryBytes,
      this.frameNumber,
      this.subprogram,
      this.struct,
      this.dynptrId,
    )
  }

  /** A scalar like this one, unlinked from others. */
  unlinked(): RegisterState {
    return this.id === 0 && !this.hasDelta ? this : scalarRegister(this.scalar)
  }
}

export const UNINITIALISED: RegisterState = pointerTo(NOT_INIT, { scalar: UNKNOWN })

export const UNKNOWN_SCALAR: RegisterState = scalarRegister(UNKNOWN)

export const ZERO_SCALAR: RegisterState = scalarRegister(CONSTANT_ZERO)

/** A number, linked to the others of `id` unless that is 0. */
export function scalarRegister(scalar: KnownScalar, id: number = 0): RegisterState {
  return new RegisterState(SCALAR, scalar, 0, id, false, 0, undefined, 0, 0, 0, 0)
}

/** The number `value`. */
export function constantRegister(value: Word64): RegisterState {
  return scalarRegister(constant(value))
}

/** The number `value`, an int32, sign-extended. */
export function immediateRegister(value: number): RegisterState {
  return value === 0 ? ZERO_SCALAR : constantRegister(signExtended(value))
}

/** A pointer to the start of what `type` points to. */
export function pointerTo(type: number, fields: Partial<RegisterFields> = {}): RegisterState {
  return new RegisterState(type, CONSTANT_ZERO, 0, 0, false, 0, undefined, 0, 0, 0, 0).with(fields)
}

/** r10 of frame `frameNumber`. */
export function framePointer(frameNumber: number): RegisterState {
  return pointerTo(PTR_TO_STACK, { frameNumber })
}

export function isPointer(register: RegisterState): boolean {
  return register.type !== SCALAR
}

/** The number 0: what a helper takes for NULL. */
export function isNull(register: RegisterState): boolean {
  return register.type === SCALAR && isConstantZero(register.scalar)
}
