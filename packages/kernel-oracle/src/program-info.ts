import { BPF_CMD, OBJ_INFO_ATTR } from '@bpfoundry/kernel-abi'
import { systemCallError } from './oracle-error.ts'
import type { SystemCall } from './system-call.ts'

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number
  /** 16 hex digits. */
  readonly tag: string
  readonly xlatedBytes: number
  /** The instructions after the verifier's fix-ups, map descriptors as ids. Empty where the kernel has no room to copy them. */
  readonly xlated: Uint8Array
  readonly jitedBytes: number
  /** The machine code, where asked for. */
  readonly jited?: Uint8Array
}

/** struct bpf_prog_info, as far as it is used: offsets in bytes. */
const INFO = { bytes: 232, id: 4, tag: 8, jitedLength: 16, xlatedLength: 20, jited: 24, xlated: 32 } as const

/** The kernel copies them into one piece of memory (kmemdup), which has at most 4 MiB. */
const MOST_XLATED_BYTES = 1 << 22

interface Asked {
  readonly view: DataView
  readonly xlated: Uint8Array
  readonly jited: Uint8Array
}

/**
 * BPF_OBJ_GET_INFO_BY_FD of a program.
 *
 * @param withCode also the machine code
 * @throws OracleError ORACLE_ARGUMENT when `fd` is no program of ours
 */
export function programInfo(call: SystemCall, fd: number, withCode: boolean): ProgramInfo {
  const { view } = ask(call, fd, 0, 0)
  const jitedBytes = view.getUint32(INFO.jitedLength, true)
  const xlatedBytes = view.getUint32(INFO.xlatedLength, true)
  const shown = xlatedBytes > MOST_XLATED_BYTES ? 0 : xlatedBytes
  const { xlated, jited } = ask(call, fd, shown, withCode ? jitedBytes : 0)
  const tag = Buffer.from(view.buffer, INFO.tag, 8).toString('hex')
  return { id: view.getUint32(INFO.id, true), tag, xlatedBytes, xlated, jitedBytes, ...(withCode ? { jited } : {}) }
}

function ask(call: SystemCall, fd: number, xlatedBytes: number, jitedBytes: number): Asked {
  let info: Uint8Array = new Uint8Array()
  let xlated: Uint8Array = new Uint8Array()
  let jited: Uint8Array = new Uint8Array()
  const result = call.run(BPF_CMD.OBJ_GET_INFO_BY_FD, (attr) => {
    info = attr.pointOut(OBJ_INFO_ATTR.info, INFO.bytes).fill(0)
    const view = new DataView(info.buffer, info.byteOffset, info.byteLength)
    const room = (lengthAt: number, pointerAt: number, bytes: number): Uint8Array => {
      const { address, bytes: place } = attr.reserve(bytes)
      view.setUint32(lengthAt, bytes, true)
      view.setBigUint64(pointerAt, bytes === 0 ? 0n : BigInt(address), true)
      return place
    }
    xlated = room(INFO.xlatedLength, INFO.xlated, xlatedBytes)
    jited = room(INFO.jitedLength, INFO.jited, jitedBytes)
    attr.set(OBJ_INFO_ATTR.bpf_fd, fd)
    attr.set(OBJ_INFO_ATTR.info_len, INFO.bytes)
  })
  if (result < 0) throw systemCallError('ORACLE_ARGUMENT', 'the kernel knows no such program', call.errno)
  return { view: new DataView(info.slice().buffer), xlated: xlated.slice(), jited: jited.slice() }
}
