import type { DrainedFrame } from '@bpfoundry/device'
import { LINKTYPE, PcapWriter, timestampFromNs } from '@bpfoundry/packet'
import { OutputFile } from './file-access.ts'

/** Bytes gathered before a write to disk. */
const BUFFER_BYTES = 1 << 20

/**
 * Writes frames that came out of a card to a pcap file with nanoseconds, as they come. The file appears under its name
 * when {@link close} completes it, and not at all after {@link discard}.
 */
export class CaptureOutput {
  readonly path: string
  readonly #file: OutputFile
  readonly #writer = new PcapWriter({ linkType: LINKTYPE.ETHERNET, precision: 'nano' })
  #parts: Uint8Array[] = []
  #bufferedBytes = 0
  #packets = 0

  /** @throws TestbenchError TESTBENCH_UNWRITABLE */
  constructor(path: string) {
    this.path = path
    this.#file = new OutputFile(path)
    this.#add(this.#writer.header())
  }

  /** Frames written so far. */
  get packets(): number {
    return this.#packets
  }

  /** Appends a frame. @throws TestbenchError TESTBENCH_UNWRITABLE, a full disk included */
  add(frame: DrainedFrame): void {
    const data = frame.bytes.slice(frame.offsetBytes, frame.offsetBytes + frame.lengthBytes)
    this.#add(this.#writer.packet({ timestamp: timestampFromNs(BigInt(Math.round(frame.timestampNs))), data }))
    this.#packets++
  }

  /** Completes the file. */
  close(): void {
    this.#flush()
    this.#file.commit()
  }

  /** Leaves nothing behind. */
  discard(): void {
    this.#file.discard()
  }

  #add(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.#bufferedBytes += bytes.length
    if (this.#bufferedBytes >= BUFFER_BYTES) this.#flush()
  }

  #flush(): void {
    this.#file.write(Buffer.concat(this.#parts))
    this.#parts = []
    this.#bufferedBytes = 0
  }
}
