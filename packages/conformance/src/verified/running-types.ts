import { readFileSync } from 'node:fs'
import { BtfError, LazyBtf } from '@bpfoundry/btf'

const VMLINUX = '/sys/kernel/btf/vmlinux'

let found: LazyBtf | 'absent' | undefined

/** The types of the kernel that runs here, for the emulated one to go by; undefined where it doesn't show them. */
export function runningTypes(path: string = VMLINUX): LazyBtf | undefined {
  found ??= readTypes(path)
  return found === 'absent' ? undefined : found
}

function readTypes(path: string): LazyBtf | 'absent' {
  try {
    return new LazyBtf(readFileSync(path))
  } catch (error) {
    if (error instanceof BtfError || (error instanceof Error && 'code' in error)) return 'absent'
    throw error
  }
}
