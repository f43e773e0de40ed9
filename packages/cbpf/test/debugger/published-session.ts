import type { Session } from './sessions.ts'

const frame = (hex: string): Session['packets'][number] => {
  const data = Uint8Array.from(Buffer.from(`00112233445566778899aabb${hex}`, 'hex'))
  return { data, lengthBytes: data.length }
}

/** The filter for ssh of the kernel's documentation, on TCP to ports 80 and 22, UDP, ARP, ICMP and IPv6. */
export const PUBLISHED_SESSION: Session = {
  commands: [
    'load bpf 13,40 0 0 12,21 0 10 2048,48 0 0 23,21 0 8 6,40 0 0 20,69 6 0 8191,177 0 0 14,72 0 0 14,21 2 0 22,72 0 0 16,21 0 1 22,6 0 0 4294967295,6 0 0 0',
    'load pcap t.pcap',
    'disassemble',
    'dump',
    'run',
    'breakpoint 1',
    'breakpoint',
    'run',
    'step 1',
    'step',
    'step -1',
    'select 2',
    'run 1',
    'breakpoint reset',
    'run',
    'foo',
    'quit',
  ],
  packets: [
    '08004500002800010000400600000a0000010a00000204d200500000000100000002500203e800000000',
    '08004500002800010000400600000a0000010a00000204d200160000000100000002500203e800000000',
    '08004500002100010000401100000a0000010a000002003514e9000d000068656c6c6f',
    '080600000000000000000000000000000000000000000000000000000000',
    '08004500001c00010000400100000a0000010a0000020800000000010001',
    '86dd60000000000000000000000000000000000000000000000000000000000000000000000000000000',
  ].map(frame),
}
