import { allocateCpu } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { createHelperTable } from '../src/index.ts'

export const name = 'printk-format'

const BPF_FUNC_SNPRINTF = 165
const memory = GuestMemory.create({ maximumBytes: 4 << 20 })
const cpu = allocateCpu(memory, 0)
const scratch = memory.allocate('scratch', 'scratch', 65_536).address
const snprintf = createHelperTable({
  memory,
  mapAt: () => {
    throw new Error('bpf_snprintf uses no map')
  },
})[BPF_FUNC_SNPRINTF]
const ARGUMENTS = scratch + 32_768
const OUTPUT = ARGUMENTS + 96
const OUTPUT_BYTES = 64
const GUARD = OUTPUT + OUTPUT_BYTES

/** The input: 96 bytes of arguments, then the format. Whatever they are, a result comes out and nothing else is written. */
export function fuzzOnce(input: Uint8Array): void {
  const format = input.subarray(96, 32_000)
  memory.u8.fill(0, scratch, ARGUMENTS + 96)
  memory.write(ARGUMENTS, input.subarray(0, 96))
  memory.write(scratch, format)
  memory.u8[GUARD] = 0xa5
  const args = [OUTPUT, OUTPUT_BYTES, scratch, ARGUMENTS, 96]
  for (const [n, value] of args.entries()) {
    cpu.regs[2 * (n + 1)] = value
    cpu.regs[2 * (n + 1) + 1] = 0
  }
  snprintf?.(cpu)
  const result = cpu.regs[0] as number
  if (memory.u8[GUARD] !== 0xa5) throw new Error('bpf_snprintf wrote past its buffer')
  if (result === 0 || (result < 0 && result !== -22 && result !== -28))
    throw new Error(`bpf_snprintf answers ${result}`)
}

export const seeds = (): Uint8Array[] =>
  ['%d %u %x', '%-5lld|%+08d|% i', '%s %pks %c', '%pI4 %pi6 %px %pS %%', 'text é\n'].map((format) => {
    const seed = new Uint8Array(96 + format.length * 2)
    new DataView(seed.buffer).setBigUint64(0, BigInt(scratch), true)
    seed.set(new TextEncoder().encode(format), 96)
    return seed
  })
