import { ByteQueue } from './byte-queue.ts'
import type { CaptureDecoder, CapturedPacket, CaptureInterface } from './captured-packet.ts'
import { PacketError, type PacketErrorCode } from './packet-error.ts'

/** What is wrong, without the place, which the decoder knows. */
export interface Damage {
  readonly message: string
  readonly got?: string | number
  readonly expected?: string | number
  readonly hint?: string
  /** From the start of the record; the record itself if absent. */
  readonly offsetInRecord?: number
}

/** What the decoders of both formats share: the queue, the end, and errors that stay. */
export abstract class RecordDecoder implements CaptureDecoder {
  abstract readonly format: 'pcap' | 'pcapng'
  readonly interfaces: CaptureInterface[] = []
  protected readonly queue: ByteQueue = new ByteQueue()
  readonly #name: string | undefined
  #ended = false
  #error: unknown

  constructor(name?: string) {
    this.#name = name
  }

  push(chunk: Uint8Array): void {
    if (this.#ended) throw new Error('bytes pushed after the end of the capture')
    this.queue.push(chunk)
  }

  end(): void {
    this.#ended = true
  }

  next(): CapturedPacket | undefined {
    if (this.#error !== undefined) throw this.#error
    try {
      return this.decodeNext()
    } catch (error) {
      this.#error = error
      throw error
    }
  }

  /** The next packet from whole records in the queue, undefined when none is there. */
  protected abstract decodeNext(): CapturedPacket | undefined

  /**
   * Whether so many bytes are pending.
   * @throws PacketError PCAP_TRUNCATED when they never will be
   */
  protected has(lengthBytes: number, what: string): boolean {
    if (this.queue.length >= lengthBytes) return true
    if (!this.#ended) return false
    throw this.damage('PCAP_TRUNCATED', {
      message: `capture ends inside a ${what}`,
      got: `${this.queue.length} bytes`,
      expected: `${lengthBytes} bytes`,
      hint: 'the file was cut, or its writer was stopped; the packets before this place are good',
    })
  }

  protected damage(code: PacketErrorCode, { offsetInRecord = 0, ...fields }: Damage): PacketError {
    const offsetBytes = this.queue.takenBytes + offsetInRecord
    const where = { ...(this.#name === undefined ? {} : { input: this.#name }), offsetBytes }
    return new PacketError({ code, where, ...fields })
  }
}
