import { BPF_EXIT_INSN, BPF_LD_MAP_FD, BPF_MOV64_IMM, type Insn } from '@bpfoundry/isa'
import { ERRNO, errnoName, MAP_FLAG, MAP_TYPE, PROG_TYPE, XDP_ACTION } from '@bpfoundry/kernel-abi'
import { kernelOracle, type OracleMap } from '@bpfoundry/kernel-oracle'
import { afterAll, describe, expect, test } from 'vitest'
import { Kernel, KernelError, ProgramRejected, programTag } from '../src/index.ts'

const found = kernelOracle()
const oracle = 'unavailable' in found ? undefined : found
const unavailable = 'unavailable' in found ? found.unavailable : ''
afterAll(() => oracle?.close())

const PASS = [BPF_MOV64_IMM(0, XDP_ACTION.PASS), BPF_EXIT_INSN()]
const xdp = (insns: readonly Insn[], name = 'test') => ({
  name,
  type: PROG_TYPE.XDP,
  expectedAttachType: 0,
  insns,
  license: 'GPL',
  flags: 0,
})
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)
const array = { name: 'a', type: MAP_TYPE.ARRAY, keySizeBytes: 4, valueSizeBytes: 4, maxEntries: 2, flags: 0 }
const hash = { ...array, name: 'h', type: MAP_TYPE.HASH }

/** The errno that `action` is refused with, 0 when it is not. */
function errnoOf(action: () => unknown): string {
  try {
    action()
    return '0'
  } catch (error) {
    if (error instanceof KernelError) return errnoName(error.errno)
    throw error
  }
}

describe('map commands answer the errnos of the running kernel', () => {
  type Operation = readonly [what: 'update' | 'delete', key: number, flags: number]
  const MAPS = { array, hash }
  const CASES: readonly (readonly [keyof typeof MAPS, string, readonly Operation[]])[] = [
    ['array', 'index past the end', [['update', 2, 0]]],
    ['array', 'BPF_NOEXIST', [['update', 0, 1]]],
    ['array', 'BPF_EXIST', [['update', 0, 2]]],
    ['array', 'unknown flags', [['update', 0, 9]]],
    ['array', 'delete', [['delete', 0, 0]]],
    [
      'hash',
      'full',
      [
        ['update', 0, 0],
        ['update', 1, 0],
        ['update', 2, 0],
      ],
    ],
    [
      'hash',
      'BPF_NOEXIST on a key that is there',
      [
        ['update', 0, 0],
        ['update', 0, 1],
      ],
    ],
    ['hash', 'BPF_EXIST on a key that is not there', [['update', 0, 2]]],
    ['hash', 'delete of a key that is not there', [['delete', 5, 0]]],
    ['hash', 'unknown flags', [['update', 0, 3]]],
  ]
  test.for(CASES)('%s: %s', ([type, , operations], { skip }) => {
    const map = Kernel.create().createMap(MAPS[type])
    const ours = operations.map(([what, key, flags]) =>
      errnoOf(() => (what === 'update' ? map.update(u32(key), u32(7), flags) : map.delete(u32(key)))),
    )
    if (oracle === undefined) return skip(unavailable)
    const real: OracleMap = oracle.createMap(MAPS[type])
    const theirs = operations.map(([what, key, flags]) => {
      const errno =
        what === 'update' ? oracle.updateMap(real, u32(key), u32(7), flags) : oracle.deleteFromMap(real, u32(key))
      return errno === 0 ? '0' : errnoName(errno)
    })
    oracle.close(real.fd)
    expect(ours).toEqual(theirs)
  })

  test("a map that can't be is refused, with what would have been right", () => {
    const kernel = Kernel.create()
    for (const [change, errno] of [
      [{ maxEntries: 0 }, 'EINVAL'],
      [{ keySizeBytes: 8 }, 'EINVAL'],
      [{ valueSizeBytes: 0 }, 'EINVAL'],
      [{ type: 99 }, 'EINVAL'],
      [{ flags: MAP_FLAG.NO_PREALLOC }, 'EINVAL'],
    ] as const) {
      expect(errnoOf(() => kernel.createMap({ ...array, ...change }))).toBe(errno)
    }
  })

  test('keys and values of another length are refused', () => {
    const map = Kernel.create().createMap(hash)
    expect(() => map.update(u32(0).subarray(1), u32(0))).toThrowError(/key has the wrong length/)
    expect(() => map.update(u32(0), new Uint8Array(5))).toThrowError(/value has the wrong length/)
  })

  test('a frozen map takes no more updates', () => {
    const map = Kernel.create().createMap(array)
    map.freeze()
    expect(errnoOf(() => map.update(u32(0), u32(1)))).toBe('EPERM')
    expect(errnoOf(() => map.freeze())).toBe('EBUSY')
  })
})

describe('program load', () => {
  test.each([
    ['no instructions', [], 'E2BIG'],
    ['a map fd that is none', [...BPF_LD_MAP_FD(1, 77), ...PASS], 'EBADF'],
    ['r0 not written', [BPF_EXIT_INSN()], 'EACCES'],
  ] as const)('%s', (_, insns, errno) => {
    expect(errnoOf(() => Kernel.create().loadProgram(xdp(insns)))).toBe(errno)
  })

  test('a refusal is an error with reason, log and statistics', () => {
    try {
      Kernel.create().loadProgram(xdp([BPF_EXIT_INSN()]))
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(ProgramRejected)
      expect(error).toMatchObject({ errno: ERRNO.EACCES, where: { program: 'test', pc: 0 } })
      expect((error as ProgramRejected).log).toContain('R0 !read_ok')
    }
  })

  test('ids go up and are never used again; a closed program is gone', () => {
    const kernel = Kernel.create()
    const [first, second] = [kernel.loadProgram(xdp(PASS)), kernel.loadProgram(xdp(PASS))]
    second.close()
    const third = kernel.loadProgram(xdp(PASS))
    expect([first.id, second.id, third.id]).toEqual([1, 2, 3])
    expect(kernel.programs.map(({ id }) => id)).toEqual([1, 3])
    expect(kernel.programById(2)).toBeUndefined()
  })

  test('a refused program takes no id', () => {
    const kernel = Kernel.create()
    expect(() => kernel.loadProgram(xdp([BPF_EXIT_INSN()]))).toThrowError(ProgramRejected)
    expect(kernel.loadProgram(xdp(PASS)).id).toBe(1)
  })

  test('the tag does not depend on the map fd', () => {
    const withFd = (fd: number): readonly Insn[] => [...BPF_LD_MAP_FD(1, fd), ...PASS]
    expect(programTag(withFd(3))).toBe(programTag(withFd(12)))
    expect(programTag(withFd(3))).not.toBe(programTag(PASS))
    expect(programTag(PASS)).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe('test run', () => {
  const ctx = (fields: { data?: number; dataEnd?: number; meta?: number; ifindex?: number; queue?: number }) => {
    const { data = 0, dataEnd = 64, meta = 0, ifindex = 0, queue = 0 } = fields
    return new Uint8Array(Uint32Array.of(data, dataEnd, meta, ifindex, queue, 0).buffer)
  }
  const CASES: readonly (readonly [string, { data: Uint8Array; ctx?: Uint8Array }])[] = [
    ['a plain frame', { data: new Uint8Array(64) }],
    ['the shortest frame', { data: new Uint8Array(14) }],
    ['a frame that is too short', { data: new Uint8Array(13) }],
    ['an empty frame', { data: new Uint8Array(0) }],
    ['a context', { data: new Uint8Array(64), ctx: ctx({}) }],
    ['metadata of 8 bytes', { data: new Uint8Array(64), ctx: ctx({ data: 8 }) }],
    ['metadata that is no multiple of 4', { data: new Uint8Array(64), ctx: ctx({ data: 6 }) }],
    ['metadata longer than the frame', { data: new Uint8Array(64), ctx: ctx({ data: 68 }) }],
    ['a data_end past the end', { data: new Uint8Array(64), ctx: ctx({ dataEnd: 68 }) }],
    ['a data_meta', { data: new Uint8Array(64), ctx: ctx({ meta: 4 }) }],
    ['lo as ingress device', { data: new Uint8Array(64), ctx: ctx({ ifindex: 1 }) }],
    ['an ingress device that there is not', { data: new Uint8Array(64), ctx: ctx({ ifindex: 99_999 }) }],
    ['a queue without a device', { data: new Uint8Array(64), ctx: ctx({ queue: 1 }) }],
    ['a queue that the device has not', { data: new Uint8Array(64), ctx: ctx({ ifindex: 1, queue: 7 }) }],
  ]
  test.for(CASES)('%s: errno, retval, frame and context are those of the running kernel', ([, request], { skip }) => {
    if (oracle === undefined) return skip(unavailable)
    const kernel = Kernel.create()
    const program = kernel.loadProgram(xdp(PASS))
    const { fd } = oracle.loadProgram({ type: PROG_TYPE.XDP, insns: PASS, license: 'GPL' })
    const theirs = oracle.testRun(fd, {
      dataIn: request.data,
      ...(request.ctx === undefined ? {} : { ctxIn: request.ctx }),
    })
    oracle.close(fd)
    expect(errnoOf(() => kernel.testRun(program, request))).toBe(theirs.errno === 0 ? '0' : errnoName(theirs.errno))
    if (theirs.errno !== 0) return
    const ours = kernel.testRun(program, request)
    expect(ours.retval).toBe(theirs.retval)
    expect(ours.data).toEqual(new Uint8Array(theirs.dataOut))
    if (request.ctx !== undefined) expect(ours.ctx).toEqual(new Uint8Array(theirs.ctxOut))
  })

  test('repeats on the same buffer and tells the mean time', () => {
    const kernel = Kernel.create()
    const result = kernel.testRun(kernel.loadProgram(xdp(PASS)), { data: new Uint8Array(64), repeat: 10 })
    expect(result.retval).toBe(XDP_ACTION.PASS)
    expect(result.durationNs).toBeGreaterThanOrEqual(0)
  })
})
