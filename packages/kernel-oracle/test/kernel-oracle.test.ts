import * as isa from '@bpfoundry/isa'
import {
  BPF_ALU64_IMM,
  BPF_ALU64_REG,
  BPF_EMIT_CALL,
  BPF_EXIT_INSN,
  BPF_JMP_IMM,
  BPF_JMP_REG,
  BPF_LD_MAP_FD,
  BPF_LD_MAP_VALUE,
  BPF_LDX_MEM,
  BPF_MOV64_IMM,
  BPF_MOV64_REG,
  BPF_ST_MEM,
  type Insn,
} from '@bpfoundry/isa'
import { ERRNO, LOG_LEVEL, MAP_TYPE, PROG_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { afterEach, describe, expect, it } from 'vitest'
import { type KernelOracle, OracleError } from '../src/index.ts'
import { oracleOrSkip } from './oracle.ts'

const {
  BPF_ADD,
  BPF_B,
  BPF_DW,
  BPF_JEQ,
  BPF_JGT,
  BPF_REG_0,
  BPF_REG_1,
  BPF_REG_2,
  BPF_REG_3,
  BPF_REG_4,
  BPF_REG_10,
  BPF_W,
} = isa

const MOV0 = (value: number): Insn => BPF_MOV64_IMM(BPF_REG_0, value)
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
const u64 = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)
const FRAME = new Uint8Array(64).map((_, index) => index)

let opened: KernelOracle | undefined
afterEach(() => opened?.close())

function open(ctx: Parameters<typeof oracleOrSkip>[0]): KernelOracle {
  opened = oracleOrSkip(ctx)
  return opened
}

describe('programs', () => {
  it('loads one, runs it, and closes it', (ctx) => {
    const oracle = open(ctx)
    const answer = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: [MOV0(XDP_ACTION.TX), BPF_EXIT_INSN()] })
    expect(answer).toMatchObject({ ok: true, errno: 0, stats: { insnsProcessed: 2, stackDepthBytes: [0] } })
    const run = oracle.testRun(answer.fd, { dataIn: FRAME })
    expect(run).toMatchObject({ errno: 0, retval: XDP_ACTION.TX })
    expect(run.dataOut).toEqual(FRAME)
    expect(oracle.openDescriptors).toBe(1)
    oracle.close(answer.fd)
    expect(oracle.openDescriptors).toBe(0)
    expect(oracle.testRun(answer.fd, { dataIn: FRAME }).errno).toBe(ERRNO.EBADF)
  })

  it("answers a refusal with the kernel's errno and log", (ctx) => {
    const answer = open(ctx).loadProgram({ type: PROG_TYPE.XDP, insns: [BPF_EXIT_INSN()] })
    expect(answer).toMatchObject({ ok: false, fd: -1, errno: ERRNO.EACCES })
    expect(answer.log).toContain('R0 !read_ok')
  })

  it('gives the trace of a refused path at log level 1, of everything at 2, and no log at 0', (ctx) => {
    const oracle = open(ctx)
    const refused = [MOV0(1), BPF_MOV64_REG(BPF_REG_0, BPF_REG_3), BPF_EXIT_INSN()]
    expect(oracle.loadProgram({ type: PROG_TYPE.XDP, insns: refused, logLevel: 1 }).log).toContain('0: (b7) r0 = 1')
    const insns = [MOV0(1), BPF_EXIT_INSN()]
    const traced = oracle.loadProgram({ type: PROG_TYPE.XDP, insns, logLevel: LOG_LEVEL.EVERYTHING })
    expect(traced.log).toContain('0: (b7) r0 = 1')
    expect(oracle.loadProgram({ type: PROG_TYPE.XDP, insns, logLevel: 0 })).toMatchObject({ ok: true, log: '' })
  })

  it('keeps the verdict when the trace outgrows the log', (ctx) => {
    const insns = [...Array.from({ length: 100 }, (_, value) => MOV0(value)), BPF_EXIT_INSN()]
    const question = { type: PROG_TYPE.XDP, insns, logLevel: LOG_LEVEL.EVERYTHING, logBytes: 1024 }
    const answer = open(ctx).loadProgram(question)
    expect(answer).toMatchObject({ ok: true, errno: 0, stats: { insnsProcessed: 101 } })
    expect(answer.log).toContain('100: (95) exit')
  })

  it('runs on the packet that it is given, and hands back what the program wrote', (ctx) => {
    const oracle = open(ctx)
    const insns = [
      BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 0),
      BPF_LDX_MEM(BPF_W, BPF_REG_3, BPF_REG_1, 4),
      BPF_MOV64_REG(BPF_REG_4, BPF_REG_2),
      BPF_ALU64_IMM(BPF_ADD, BPF_REG_4, 14),
      BPF_JMP_REG(BPF_JGT, BPF_REG_4, BPF_REG_3, 1),
      BPF_ST_MEM(BPF_B, BPF_REG_2, 0, 0x77),
      MOV0(XDP_ACTION.PASS),
      BPF_EXIT_INSN(),
    ]
    const { fd } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns })
    const run = oracle.testRun(fd, { dataIn: FRAME, repeat: 3 })
    expect(run.retval).toBe(XDP_ACTION.PASS)
    expect([...run.dataOut.subarray(0, 2)]).toEqual([0x77, 1])
  })

  it('takes and gives a context', (ctx) => {
    const oracle = open(ctx)
    const insns = [
      BPF_LDX_MEM(BPF_W, BPF_REG_2, BPF_REG_1, 0),
      BPF_LDX_MEM(BPF_W, BPF_REG_0, BPF_REG_1, 8),
      BPF_ALU64_REG(isa.BPF_SUB, BPF_REG_2, BPF_REG_0),
      BPF_MOV64_REG(BPF_REG_0, BPF_REG_2),
      BPF_EXIT_INSN(),
    ]
    const { fd } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns })
    // xdp_md with 8 bytes of metadata in front of the packet: data is counted from data_meta
    const ctxIn = new Uint8Array(Uint32Array.of(8, FRAME.length, 0, 0, 0, 0).buffer)
    const run = oracle.testRun(fd, { dataIn: FRAME, ctxIn })
    expect(run).toMatchObject({ errno: 0, retval: 8 })
    expect(new Uint32Array(run.ctxOut.buffer)[0]).toBe(8)
  })

  it('never sends live frames', (ctx) => {
    expect(() => open(ctx).testRun(0, { dataIn: FRAME, flags: 2 })).toThrow(OracleError)
  })

  it('tells tag and fixed-up instructions', (ctx) => {
    const oracle = open(ctx)
    const { fd } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: [MOV0(2), BPF_EXIT_INSN()] })
    const info = oracle.programInfo(fd)
    // SHA over "r0 = 2; exit"; the same in /proc/self/fdinfo
    expect(info.tag).toMatch(/^[0-9a-f]{16}$/)
    expect([...info.xlated]).toEqual([0xb7, 0, 0, 0, 2, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0])
    expect(() => oracle.programInfo(1)).toThrow(OracleError)
  })
})

describe('maps', () => {
  const HASH = { type: MAP_TYPE.HASH, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 2 }

  it('updates, reads, walks and deletes', (ctx) => {
    const oracle = open(ctx)
    const map = oracle.createMap(HASH)
    expect(oracle.updateMap(map, u32(1), u64(10))).toBe(0)
    expect(oracle.updateMap(map, u32(2), u64(20))).toBe(0)
    expect(oracle.updateMap(map, u32(3), u64(30))).toBe(ERRNO.E2BIG)
    expect(oracle.updateMap(map, u32(1), u64(11), 1)).toBe(ERRNO.EEXIST)
    expect(oracle.lookupMap(map, u32(2))).toEqual(u64(20))
    expect(oracle.lookupMap(map, u32(9))).toBeUndefined()
    expect(
      oracle
        .dumpMap(map)
        .map(([key]) => key[0])
        .sort(),
    ).toEqual([1, 2])
    expect(oracle.deleteFromMap(map, u32(1))).toBe(0)
    expect(oracle.deleteFromMap(map, u32(1))).toBe(ERRNO.ENOENT)
  })

  it('answers a refused map with the errno', (ctx) => {
    const oracle = open(ctx)
    expect(() => oracle.createMap({ ...HASH, maxEntries: 0 })).toThrow(
      expect.objectContaining({ code: 'ORACLE_MAP_CREATE', errno: ERRNO.EINVAL }),
    )
  })

  it('checks lengths before the kernel reads past them', (ctx) => {
    const oracle = open(ctx)
    const map = oracle.createMap(HASH)
    expect(() => oracle.updateMap(map, u64(1), u64(1))).toThrow(OracleError)
  })

  it('reads a value for each possible CPU of a per-CPU map', (ctx) => {
    const oracle = open(ctx)
    const map = oracle.createMap({ ...HASH, type: MAP_TYPE.PERCPU_ARRAY, valueSizeBytes: 4 })
    expect(map.valueBytes).toBe(8 * oracle.possibleCpus)
    expect(oracle.lookupMap(map, u32(0))).toEqual(new Uint8Array(map.valueBytes))
  })

  it('lets a program use a map by descriptor and its value by address', (ctx) => {
    const oracle = open(ctx)
    const array = oracle.createMap({ ...HASH, type: MAP_TYPE.ARRAY, maxEntries: 1 })
    expect(oracle.updateMap(array, u32(0), u64(41))).toBe(0)
    const lookup = oracle.loadProgram({
      type: PROG_TYPE.XDP,
      insns: [
        BPF_ST_MEM(BPF_W, BPF_REG_10, -4, 0),
        ...BPF_LD_MAP_FD(BPF_REG_1, 0),
        BPF_MOV64_REG(BPF_REG_2, BPF_REG_10),
        BPF_ALU64_IMM(BPF_ADD, BPF_REG_2, -4),
        BPF_EMIT_CALL(1),
        BPF_JMP_IMM(BPF_JEQ, BPF_REG_0, 0, 1),
        BPF_LDX_MEM(BPF_DW, BPF_REG_0, BPF_REG_0, 0),
        BPF_EXIT_INSN(),
      ],
      mapReferences: [{ pc: 1, fd: array.fd }],
    })
    expect(oracle.testRun(lookup.fd, { dataIn: FRAME }).retval).toBe(41)
    const direct = oracle.loadProgram({
      type: PROG_TYPE.XDP,
      insns: [...BPF_LD_MAP_VALUE(BPF_REG_1, 0, 0), BPF_LDX_MEM(BPF_B, BPF_REG_0, BPF_REG_1, 0), BPF_EXIT_INSN()],
      mapReferences: [{ pc: 0, fd: array.fd, valueOffsetBytes: 4 }],
    })
    expect(oracle.testRun(direct.fd, { dataIn: FRAME }).retval).toBe(0)
  })
})
