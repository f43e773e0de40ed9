/** Frames of the benchmarks: Ethernet, IPv4, UDP to 192.0.2.1 port 80. */
const ETHERNET = '020000000002020000000001'
const UDP = '30390050001a0000'

/** From 10.x.x.x, `source` being its lower 24 bits: 60 bytes. */
export function addressFrame(source: number): Uint8Array {
  return bytes(`${ETHERNET}0800${ipv4(46, source)}${UDP}${'00'.repeat(18)}`)
}

/** With a VLAN tag: 64 bytes. */
export function vlanFrame(): Uint8Array {
  return bytes(`${ETHERNET}8100000a0800${ipv4(46, 1234)}${UDP}${'00'.repeat(18)}`)
}

/** 1500 bytes behind the Ethernet header, all of them different from zero. */
export function longFrame(): Uint8Array {
  const payload = Array.from({ length: 1472 }, (_, index) => ((index % 255) + 1).toString(16).padStart(2, '0')).join('')
  return bytes(`${ETHERNET}0800${ipv4(1500, 1234)}${UDP}${payload}`)
}

function ipv4(lengthBytes: number, source: number): string {
  const words = [0x4500, lengthBytes, 0, 0, 0x4011, 0, 0x0a00 | (source >>> 16), source & 0xffff, 0xc000, 0x0201]
  const sum = words.reduce((total, word) => total + word, 0)
  const folded = (sum & 0xffff) + (sum >>> 16)
  words[5] = ~((folded & 0xffff) + (folded >>> 16)) & 0xffff
  return words.map((word) => word.toString(16).padStart(4, '0')).join('')
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
