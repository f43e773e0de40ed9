import { isDiagnostic } from '@bpfoundry/diagnostics'
import type { GuestMemory } from '@bpfoundry/guest-memory'
import type { KernelProgram } from '@bpfoundry/kernel'
import { type NfpDevice, type PacketPath, recordProgram } from '@bpfoundry/nfp'
import type { Traffic } from '../traffic.ts'

/** Frames that are kept of some traffic: its first ones. */
const MOST_FRAMES = 64

/** Copies of the first frames of traffic, taken as they pass by. */
export class FrameSample {
  readonly frames: Uint8Array[] = []

  /** The same traffic, looked at. */
  of(traffic: Traffic): Traffic {
    const { frames } = this
    return {
      ...{ name: traffic.name },
      ...(traffic.count === undefined ? {} : { count: traffic.count }),
      ...(traffic.round === undefined ? {} : { round: traffic.round }),
      next: () => {
        if (!traffic.next()) return false
        const { bytes, offsetBytes, lengthBytes } = traffic
        if (frames.length < MOST_FRAMES) frames.push(bytes.slice(offsetBytes, offsetBytes + lengthBytes))
        return true
      },
      get bytes() {
        return traffic.bytes
      },
      get offsetBytes() {
        return traffic.offsetBytes
      },
      get lengthBytes() {
        return traffic.lengthBytes
      },
      get timestampNs() {
        return traffic.timestampNs
      },
      get frameIndex() {
        return traffic.frameIndex
      },
    }
  }
}

/** Ways of frames through a program that was loaded for a card; none where it was not. Maps stay as they are. */
export function sampledPaths(
  device: NfpDevice,
  { id, maps }: KernelProgram,
  memory: GuestMemory,
  frames: readonly Uint8Array[],
): readonly PacketPath[] {
  const loaded = device.program(id)
  if (loaded === undefined || frames.length === 0) return []
  const recorder = recordProgram({
    device,
    translation: loaded.translation,
    firmware: 'full',
    memory,
    maps: maps.map(({ storage }) => storage),
    keepsMaps: true,
  })
  try {
    return frames.map((frame) => recorder.record(frame))
  } catch (error) {
    // A core stops where a packet is shorter than the driver takes it to be: the estimate has to do.
    if (isDiagnostic(error) && error.code.startsWith('MICROENGINE_')) return []
    throw error
  } finally {
    recorder.close()
  }
}
