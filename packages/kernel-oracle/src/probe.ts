import { readFileSync } from 'node:fs'
import { arch, release } from 'node:os'

/** The kernel that answers, as far as its answers depend on it. */
export interface KernelProbe {
  /** `uname -r` */
  readonly release: string
  /** `x64`, `arm64` */
  readonly machine: string
  readonly possibleCpus: number
  /** sysctls; undefined where there is none, or it may not be read. */
  readonly jitEnable: number | undefined
  readonly jitHarden: number | undefined
  readonly unprivilegedBpfDisabled: number | undefined
}

export function probeKernel(): KernelProbe {
  return {
    release: release(),
    machine: arch(),
    possibleCpus: possibleCpus(),
    jitEnable: sysctl('net/core/bpf_jit_enable'),
    jitHarden: sysctl('net/core/bpf_jit_harden'),
    unprivilegedBpfDisabled: sysctl('kernel/unprivileged_bpf_disabled'),
  }
}

function sysctl(name: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/sys/${name}`, 'utf8'))
  } catch {
    return undefined
  }
}

/** The highest number in the list ("0-1", "0,2-3"), plus one: per-CPU values are that many. */
function possibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim()
  return Number(list.split(/[,-]/).at(-1)) + 1
}
