import type { CaptureWriter, PacketRecord } from './capture-writer.ts'
import { PacketError } from './packet-error.ts'
import { BYTE_ORDER_MAGIC, MIN_BLOCK_BYTES, PCAPNG_BLOCK, PCAPNG_OPTION, padded32 } from './pcapng-format.ts'
import { LINKTYPE } from './protocol-numbers.ts'
import { timestampNs } from './timestamp.ts'

/** An interface that a {@link PcapngWriter} describes. */
export interface PcapngInterfaceOptions {
  readonly name?: string
  /** Ethernet if absent. */
  readonly linkType?: number
  /** Longer packets are cut to this; 0, no limit, if absent. */
  readonly snapLengthBytes?: number
  /** 'nano' if absent. */
  readonly precision?: 'micro' | 'nano'
}

export interface PcapngWriterOptions {
  /** One Ethernet interface if absent. */
  readonly interfaces?: readonly PcapngInterfaceOptions[]
  /** 'little' if absent. */
  readonly byteOrder?: 'little' | 'big'
  /** shb_userappl: the program that writes. */
  readonly application?: string
  /** A remark on the whole section. */
  readonly comment?: string
}

type Option = readonly [code: number, value: Uint8Array]

/** Writes one pcapng section of enhanced packet blocks. */
export class PcapngWriter implements CaptureWriter {
  readonly interfaces: readonly PcapngInterfaceOptions[]
  readonly #littleEndian: boolean
  readonly #sectionOptions: Option[]

  constructor(options: PcapngWriterOptions = {}) {
    this.interfaces = options.interfaces ?? [{}]
    this.#littleEndian = options.byteOrder !== 'big'
    this.#sectionOptions = [
      ...textOption(PCAPNG_OPTION.COMMENT, options.comment),
      ...textOption(PCAPNG_OPTION.SHB_USERAPPL, options.application),
    ]
  }

  /** The section header and a description of each interface. */
  header(): Uint8Array {
    const blocks = [this.#sectionHeader(), ...this.interfaces.map((described) => this.#interface(described))]
    const bytes = new Uint8Array(blocks.reduce((total, block) => total + block.length, 0))
    let at = 0
    for (const block of blocks) {
      bytes.set(block, at)
      at += block.length
    }
    return bytes
  }

  /** @throws PacketError PCAPNG_INTERFACE when the writer has no such interface; PCAP_TIMESTAMP before 1970 */
  packet(record: PacketRecord): Uint8Array {
    const interfaceId = record.interfaceId ?? 0
    const { snapLengthBytes, precision } = this.#describedInterface(interfaceId)
    const data = snapLengthBytes ? record.data.subarray(0, snapLengthBytes) : record.data
    const ticks = ticksOf(record, precision)
    const options = textOption(PCAPNG_OPTION.COMMENT, record.comment)
    return this.#block(PCAPNG_BLOCK.ENHANCED_PACKET, 20 + padded32(data.length), options, (body, view) => {
      view.setUint32(0, interfaceId, this.#littleEndian)
      view.setUint32(4, Number(ticks >> 32n), this.#littleEndian)
      view.setUint32(8, Number(ticks & 0xffff_ffffn), this.#littleEndian)
      view.setUint32(12, data.length, this.#littleEndian)
      view.setUint32(16, record.originalLengthBytes ?? record.data.length, this.#littleEndian)
      body.set(data, 20)
    })
  }

  #describedInterface(interfaceId: number): PcapngInterfaceOptions {
    const described = this.interfaces[interfaceId]
    if (described !== undefined) return described
    throw new PacketError({
      code: 'PCAPNG_INTERFACE',
      message: 'packet of an interface that the writer was not told of',
      got: `interface ${interfaceId}`,
      expected: `0 to ${this.interfaces.length - 1}`,
    })
  }

  #sectionHeader(): Uint8Array {
    return this.#block(PCAPNG_BLOCK.SECTION_HEADER, 16, this.#sectionOptions, (_body, view) => {
      view.setUint32(0, BYTE_ORDER_MAGIC, this.#littleEndian)
      view.setUint16(4, 1, this.#littleEndian)
      view.setUint16(6, 0, this.#littleEndian)
      // Section length unknown: -1.
      view.setBigInt64(8, -1n, this.#littleEndian)
    })
  }

  #interface({ name, linkType, snapLengthBytes, precision }: PcapngInterfaceOptions): Uint8Array {
    const resolution: Option = [PCAPNG_OPTION.IF_TSRESOL, Uint8Array.of(precision === 'micro' ? 6 : 9)]
    const options = [...textOption(PCAPNG_OPTION.IF_NAME, name), resolution]
    return this.#block(PCAPNG_BLOCK.INTERFACE, 8, options, (_body, view) => {
      view.setUint16(0, linkType ?? LINKTYPE.ETHERNET, this.#littleEndian)
      view.setUint32(4, snapLengthBytes ?? 0, this.#littleEndian)
    })
  }

  #block(
    type: number,
    bodyBytes: number,
    options: readonly Option[],
    fill: (body: Uint8Array, view: DataView) => void,
  ): Uint8Array {
    const optionBytes = options.reduce((total, [, value]) => total + 4 + padded32(value.length), 0)
    // A list of options ends with the end mark; no options need no list.
    const totalBytes = MIN_BLOCK_BYTES + bodyBytes + (optionBytes === 0 ? 0 : optionBytes + 4)
    const bytes = new Uint8Array(totalBytes)
    const view = new DataView(bytes.buffer)
    view.setUint32(0, type, this.#littleEndian)
    view.setUint32(4, totalBytes, this.#littleEndian)
    view.setUint32(totalBytes - 4, totalBytes, this.#littleEndian)
    fill(bytes.subarray(8, 8 + bodyBytes), new DataView(bytes.buffer, 8, bodyBytes))
    let at = 8 + bodyBytes
    for (const [code, value] of options) {
      view.setUint16(at, code, this.#littleEndian)
      view.setUint16(at + 2, value.length, this.#littleEndian)
      bytes.set(value, at + 4)
      at += 4 + padded32(value.length)
    }
    return bytes
  }
}

function ticksOf({ timestamp }: PacketRecord, precision: 'micro' | 'nano' | undefined): bigint {
  const ns = timestamp === undefined ? 0n : timestampNs(timestamp)
  const ticks = precision === 'micro' ? ns / 1000n : ns
  if (ticks >= 0n && ticks < 1n << 64n) return ticks
  throw new PacketError({
    code: 'PCAP_TIMESTAMP',
    message: 'time does not fit the 64 bits of a pcapng packet',
    got: `${timestamp?.seconds} s`,
    expected: 'a time since 1970',
  })
}

const MAX_OPTION_BYTES = 0xffff

/** Cut to what an option can hold. */
function textOption(code: number, text: string | undefined): Option[] {
  return text === undefined ? [] : [[code, new TextEncoder().encode(text).subarray(0, MAX_OPTION_BYTES)]]
}
