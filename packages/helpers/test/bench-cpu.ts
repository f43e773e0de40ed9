import { allocateCpu, type Cpu, type HelperTable } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { helperByName, XDP_BUFF } from '@bpfoundry/kernel-abi'
import { type BpfMap, openMap } from '@bpfoundry/maps'
import { createHelperTable } from '../src/index.ts'

/** Bytes of a frame and of the headroom in it, as BPF_PROG_TEST_RUN has them. */
export const FRAME_BYTES = 4096
const HEADROOM_BYTES = 256

/** One CPU, one XDP context and frame, and scratch memory: enough to call helpers as a program would. */
export class HelperBench {
  readonly memory: GuestMemory = GuestMemory.create({ maximumBytes: 64 << 20 })
  readonly cpu: Cpu = allocateCpu(this.memory, 1)
  readonly frame: number = this.memory.allocate('frame', 'packet', FRAME_BYTES).address
  readonly ctx: number = this.memory.allocate('ctx', 'ctx', XDP_BUFF.sizeBytes).address
  readonly scratch: number = this.memory.allocate('scratch', 'scratch', 8192).address
  readonly traced: string[] = []
  readonly maps: BpfMap[] = []
  readonly table: HelperTable = createHelperTable({
    memory: this.memory,
    mapAt: (address) => this.maps.find((map) => map.address === address) ?? openMap(this.memory, address),
    trace: (_cpu, text) => this.traced.push(text),
  })

  /** Calls a helper and answers r0 as the kernel's register would read. */
  call(name: string, ...args: readonly (number | bigint)[]): bigint {
    for (const [n, value] of args.entries()) {
      const bits = BigInt.asUintN(64, BigInt(value))
      this.cpu.regs[2 * (n + 1)] = Number(BigInt.asIntN(32, bits))
      this.cpu.regs[2 * (n + 1) + 1] = Number(BigInt.asIntN(32, bits >> 32n))
    }
    this.table[helperByName(name)?.id ?? 0]?.(this.cpu)
    const [low, high] = [this.cpu.regs[0] as number, this.cpu.regs[1] as number]
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  }

  /** Puts a packet into the frame, headroom and tailroom as in BPF_PROG_TEST_RUN. */
  receive(packet: Uint8Array): void {
    this.memory.u8.fill(0, this.frame, this.frame + FRAME_BYTES)
    const data = this.frame + HEADROOM_BYTES
    this.memory.write(data, packet)
    this.setField('data', data)
    this.setField('dataMeta', data)
    this.setField('dataEnd', data + packet.length)
    this.setField('dataHardStart', this.frame)
    this.setField('frameSize', FRAME_BYTES)
  }

  field(name: 'data' | 'dataEnd' | 'dataMeta'): number {
    return this.memory.u32[(this.ctx + XDP_BUFF[name]) >>> 2] as number
  }

  setField(name: 'data' | 'dataEnd' | 'dataMeta' | 'dataHardStart' | 'frameSize', value: number): void {
    this.memory.u32[(this.ctx + XDP_BUFF[name]) >>> 2] = value
  }

  /** The packet as it is now; with the metadata before it, which is what BPF_PROG_TEST_RUN gives out. */
  packet(withMeta: boolean = false): Uint8Array {
    const start = this.field(withMeta ? 'dataMeta' : 'data')
    return this.memory.read(start, this.field('dataEnd') - start)
  }
}
