import { type Cpu, returnErrno } from '@bpfoundry/engine'
import { u32Argument } from './registers.ts'

/** bpf_strncmp(s1, s1_size, s2): -1, 0 or 1, as the first differing byte among at most `s1_size` tells. */
export function strncmp(cpu: Cpu): void {
  const { u8 } = cpu.memory
  const first = u32Argument(cpu, 1)
  const most = u32Argument(cpu, 2)
  const second = u32Argument(cpu, 3)
  for (let n = 0; n < most; n++) {
    const [one, other] = [u8[first + n] ?? 0, u8[second + n] ?? 0]
    if (one !== other) {
      returnErrno(cpu, one < other ? -1 : 1)
      return
    }
    if (one === 0) break
  }
  returnErrno(cpu, 0)
}
