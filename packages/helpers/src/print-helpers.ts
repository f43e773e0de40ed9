/** Helpers that format text: bpf_trace_printk, bpf_trace_vprintk, bpf_snprintf. */
import { type Cpu, type HelperFunction, returnErrno } from '@bpfoundry/engine'
import { ERRNO, parsePrintkFormat } from '@bpfoundry/kernel-abi'
import type { HelperEnvironment } from './helper-environment.ts'
import { latin1, renderPrintk } from './printk-text.ts'
import { u32Argument } from './registers.ts'

/** Characters of a trace line, NUL included. @see MAX_BPRINTF_BUF */
const TRACE_BYTES = 1024
/** Arguments of the variants that take an array of them. @see MAX_BPRINTF_VARARGS */
const MOST_ARGUMENTS = 12
/** bpf_snprintf's format lies in a read-only map and ends with a NUL somewhere. */
const ANY_LENGTH = 0xffff_ffff

/** bpf_trace_printk(fmt, fmt_size, arg1, arg2, arg3): characters written, or -EINVAL. */
export function tracePrintk(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const values = [3, 4, 5].map((n) => registerBits(cpu, n))
    const text = format(cpu, u32Argument(cpu, 1), u32Argument(cpu, 2), values)
    returnErrno(cpu, typeof text === 'number' ? text : emit(environment, cpu, text))
  }
}

/** bpf_trace_vprintk(fmt, fmt_size, data, data_len): characters written, or -errno. */
export function traceVprintk(environment: HelperEnvironment): HelperFunction {
  return (cpu) => {
    const values = argumentArray(cpu, u32Argument(cpu, 3), u32Argument(cpu, 4))
    const text = typeof values === 'number' ? values : format(cpu, u32Argument(cpu, 1), u32Argument(cpu, 2), values)
    returnErrno(cpu, typeof text === 'number' ? text : emit(environment, cpu, text))
  }
}

/** bpf_snprintf(str, str_size, fmt, data, data_len): bytes of the whole text, NUL included, or -errno. */
export function snprintf(cpu: Cpu): void {
  const values = argumentArray(cpu, u32Argument(cpu, 4), u32Argument(cpu, 5))
  const text = typeof values === 'number' ? values : format(cpu, u32Argument(cpu, 3), ANY_LENGTH, values)
  if (typeof text === 'number') {
    returnErrno(cpu, text)
    return
  }
  const roomBytes = u32Argument(cpu, 2)
  if (roomBytes > 0) {
    const kept = text.slice(0, roomBytes - 1)
    cpu.memory.write(u32Argument(cpu, 1), bytesOf(`${kept}\0`))
  }
  returnErrno(cpu, text.length + 1)
}

/** The text of a call, one character a byte, or -errno. */
function format(cpu: Cpu, address: number, sizeBytes: number, values: readonly bigint[]): string | number {
  const { memory } = cpu
  const bytes = memory.u8.subarray(address, Math.min(address + sizeBytes, memory.byteLength))
  const end = bytes.indexOf(0)
  if (end < 0) return -ERRNO.EINVAL
  const parts = parsePrintkFormat(latin1(bytes.subarray(0, end)), values.length)
  return typeof parts === 'number' ? parts : renderPrintk(memory, parts, values)
}

function emit(environment: HelperEnvironment, cpu: Cpu, text: string): number {
  const line = text.slice(0, TRACE_BYTES - 1)
  const end = line.indexOf('\0')
  environment.trace?.(cpu, new TextDecoder().decode(bytesOf(end < 0 ? line : line.slice(0, end))))
  return text.length
}

function argumentArray(cpu: Cpu, address: number, lengthBytes: number): bigint[] | number {
  if (lengthBytes % 8 !== 0 || lengthBytes > MOST_ARGUMENTS * 8 || (lengthBytes > 0 && address === 0)) {
    return -ERRNO.EINVAL
  }
  const { view } = cpu.memory
  return Array.from({ length: lengthBytes / 8 }, (_, n) => view.getBigUint64(address + 8 * n, true))
}

function registerBits(cpu: Cpu, n: number): bigint {
  const low = BigInt((cpu.regs[2 * n] as number) >>> 0)
  return (BigInt((cpu.regs[2 * n + 1] as number) >>> 0) << 32n) | low
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}
