import { allocateCpu, type CompiledProgram, CPU_BLOCK, type Cpu, type ProgramImage } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { XDP_BUFF } from '@bpfoundry/kernel-abi'

/** A packet as a fake program sees it: addresses in guest memory, which it may move. */
export interface FakePacket {
  readonly cpu: Cpu
  /** struct xdp_buff. */
  readonly ctx: number
  readonly u8: Uint8Array
  data: number
  dataEnd: number
}

const fakeImage = (id: number): ProgramImage => ({
  id,
  name: `fake${id}`,
  tag: '0000000000000000',
  type: 6,
  expectedAttachType: 0,
  insns: [],
  subprograms: [],
  mapReferences: [],
  lines: [],
  gplCompatible: true,
})

/** A program that is a plain function on guest memory; it counts as `insns` executed instructions. */
export function fakeProgram(id: number, run: (packet: FakePacket) => number, insns = 10): CompiledProgram {
  return {
    image: fakeImage(id),
    run: (cpu, ctx) => {
      const { u32, u8, f64 } = cpu.memory
      const at = ctx >>> 2
      const packet: FakePacket = {
        cpu,
        ctx,
        u8,
        data: u32[at + (XDP_BUFF.data >>> 2)] as number,
        dataEnd: u32[at + (XDP_BUFF.dataEnd >>> 2)] as number,
      }
      const verdict = run(packet) >>> 0
      u32[at + (XDP_BUFF.data >>> 2)] = packet.data
      u32[at + (XDP_BUFF.dataEnd >>> 2)] = packet.dataEnd
      const counter = (cpu.block + CPU_BLOCK.fields.executedInsns.offsetBytes) >>> 3
      f64[counter] = (f64[counter] as number) + insns
      return verdict
    },
  }
}

/** What bpf_redirect leaves behind. */
export function redirectTo(cpu: Cpu, ifindex: number): number {
  cpu.memory.u32[(cpu.block + CPU_BLOCK.fields.redirectIfindex.offsetBytes) >>> 2] = ifindex
  return 4
}

/** The verdict is the first byte of the payload of the frames that {@link taggedFrame} makes; TARGET is redirected to. */
export function taggedVerdict(target: number): (packet: FakePacket) => number {
  return (packet) => {
    const verdict = packet.u8[packet.data + 14] as number
    return verdict === 4 ? redirectTo(packet.cpu, target) : verdict
  }
}

/** An Ethernet frame of `lengthBytes` whose IPv4 source address is `source`, so that RSS spreads them. */
export function ipv4Frame(lengthBytes: number, source: number): Uint8Array {
  const frame = new Uint8Array(lengthBytes)
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0].slice(0, lengthBytes))
  if (lengthBytes >= 34) {
    frame[14] = 0x45
    frame[23] = 17
    new DataView(frame.buffer).setUint32(26, source >>> 0)
    new DataView(frame.buffer).setUint32(30, 0x0a000001)
  }
  return frame
}

/** A frame that {@link taggedVerdict} reads; not IP, hence of queue 0, unless `vlan` gives it a tag to grow by. */
export function taggedFrame(lengthBytes: number, verdict: number): Uint8Array {
  const frame = new Uint8Array(lengthBytes)
  frame.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5].slice(0, lengthBytes))
  if (lengthBytes > 14) frame[14] = verdict
  return frame
}

/** Memory with `count` CPUs. */
export function machine(count: number): { memory: GuestMemory; cpus: Cpu[] } {
  const memory = GuestMemory.create({ maximumBytes: 256 * 1024 * 1024 })
  return { memory, cpus: Array.from({ length: count }, (_, id) => allocateCpu(memory, id)) }
}
