import {
  BPF_ADD,
  BPF_ALU64_IMM,
  BPF_DW,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_LD_MAP_FD,
  BPF_LD_MAP_VALUE,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  BPF_STX_MEM,
  BPF_W,
  type Insn,
} from '@bpfoundry/isa'
import { helperByName, MAP_FLAG, MAP_TYPE, PROG_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { KernelOracle, kernelOracle, type OracleMap } from '@bpfoundry/kernel-oracle'

const opened = kernelOracle()
/** The running kernel, or undefined; then {@link refusal} says why. */
export const oracle: KernelOracle | undefined = opened instanceof KernelOracle ? opened : undefined
export const refusal: string = opened instanceof KernelOracle ? '' : opened.unavailable

/** Stack bytes below r10 that hold what helpers returned. */
const RESULTS_BYTES = 256
const MOST_RESULTS = RESULTS_BYTES / 8
/** Stack bytes below those, for arguments in memory. */
export const ARGUMENT_BASE: number = -(RESULTS_BYTES + 8)

/**
 * Writes XDP programs for the running kernel that call helpers one after the other and keep every r0; r6 is the
 * context all along.
 */
export class KernelRun {
  readonly insns: Insn[] = [BPF_MOV64_REG(6, 1)]
  private readonly references: { pc: number; fd: number; valueOffsetBytes?: number }[] = []
  private readonly results: OracleMap
  private calls = 0

  constructor() {
    this.results = this.map(MAP_TYPE.ARRAY, 4, RESULTS_BYTES, 1)
    for (let at = 8; at <= RESULTS_BYTES; at += 8) this.insns.push(BPF_ST_MEM(BPF_DW, 10, -at, 0))
  }

  /** A map of the running kernel, closed with the oracle. */
  map(type: number, keySizeBytes: number, valueSizeBytes: number, maxEntries: number, flags: number = 0): OracleMap {
    if (oracle === undefined) throw new Error(refusal)
    return oracle.createMap({ type, keySizeBytes, valueSizeBytes, maxEntries, flags })
  }

  /** A frozen read-only array of one value: what a program's .rodata is. */
  constant(bytes: Uint8Array): OracleMap {
    const map = this.map(MAP_TYPE.ARRAY, 4, bytes.length, 1, MAP_FLAG.RDONLY_PROG)
    if (oracle?.updateMap(map, new Uint8Array(4), bytes) !== 0 || oracle.freezeMap(map) !== 0)
      throw new Error('no constant')
    return map
  }

  add(...insns: readonly Insn[]): this {
    this.insns.push(...insns)
    return this
  }

  /** register = map */
  loadMap(register: number, map: OracleMap): this {
    this.references.push({ pc: this.insns.length, fd: map.fd })
    return this.add(...BPF_LD_MAP_FD(register, 0))
  }

  /** register = address of the map's only value */
  loadValue(register: number, map: OracleMap): this {
    this.references.push({ pc: this.insns.length, fd: map.fd, valueOffsetBytes: 0 })
    return this.add(...BPF_LD_MAP_VALUE(register, 0, 0))
  }

  /** register = r10 + offset */
  loadStack(register: number, offset: number): this {
    return this.add(BPF_MOV64_REG(register, 10), BPF_ALU64_IMM(BPF_ADD, register, offset))
  }

  /** Stack bytes from `offset` on become `bytes`, padded with zeros to words. */
  store(offset: number, bytes: Uint8Array): this {
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
    padded.set(bytes)
    const words = new Int32Array(padded.buffer)
    for (const [n, word] of words.entries()) this.add(BPF_ST_MEM(BPF_W, 10, offset + 4 * n, word))
    return this
  }

  /** Calls a helper whose arguments are in place, and keeps r0. */
  call(name: string): this {
    this.add(BPF_EMIT_CALL(helperByName(name)?.id ?? 0))
    return this.keep(0)
  }

  /** Keeps a register among the results. */
  keep(register: number): this {
    if (this.calls === MOST_RESULTS) throw new Error('too many results')
    return this.add(BPF_STX_MEM(BPF_DW, 10, register, -RESULTS_BYTES + 8 * this.calls++))
  }

  /** Loads and runs it. `refused` when the verifier says no. */
  run(packet: Uint8Array): { refused: boolean; log: string; results: bigint[]; packet: Uint8Array } {
    if (oracle === undefined) throw new Error(refusal)
    this.store(ARGUMENT_BASE, new Uint8Array(4)).loadMap(1, this.results).loadStack(2, ARGUMENT_BASE)
    this.loadStack(3, -RESULTS_BYTES).add(BPF_MOV64_IMM(4, 0), BPF_EMIT_CALL(2))
    this.add(BPF_MOV64_IMM(0, XDP_ACTION.PASS), BPF_EXIT_INSN())
    const { ok, fd, log } = oracle.loadProgram({
      type: PROG_TYPE.XDP,
      insns: this.insns,
      mapReferences: this.references,
    })
    if (!ok) return { refused: true, log, results: [], packet }
    const answer = oracle.testRun(fd, { dataIn: packet })
    if (answer.errno !== 0) throw new Error(`test run: ${answer.errno}`)
    const kept = oracle.lookupMap(this.results, new Uint8Array(4)) ?? new Uint8Array()
    const view = new DataView(kept.buffer, kept.byteOffset, kept.byteLength)
    const results = Array.from({ length: this.calls }, (_, n) => view.getBigUint64(8 * n, true))
    return { refused: false, log, results, packet: answer.dataOut }
  }
}
