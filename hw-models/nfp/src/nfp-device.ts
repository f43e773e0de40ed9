import type { AttachDriver, AttachProgram, AttachRefusal, InstallRequest } from '@bpfoundry/device'
import { type NicProfile, profileDriver } from '@bpfoundry/device'
import type { NfpTranslation } from '@bpfoundry/jit-nfp'
import { ERRNO, type MapAttributes } from '@bpfoundry/kernel-abi'
import type { NfpCard } from './card.ts'
import { nfpCard } from './cards.ts'
import { NfpHooks, type NfpProgram } from './nfp-hooks.ts'
import { checkOffloadedMap, type OffloadedMap, type OffloadUsage, unusedWords } from './offload-map.ts'

/** What the card keeps of a program that was loaded for it. */
export interface LoadedNfpProgram {
  /** Highest byte of the packet that it may touch. */
  readonly maxPacketOffset: number
  readonly stackBytes: number
  /** Instruction words of the translation, eight final nops included. */
  readonly programWords: number
  /** Not yet relocated: that is done for the port that it is attached to. */
  readonly translation: NfpTranslation
  /** As it was loaded: slots of the translation are these. */
  readonly source: NfpProgram
}

/**
 * The control side of a card that runs programs itself: its maps, its say when programs are verified, and when they are
 * attached. One object a card, shared by its ports.
 *
 * @see drivers/net/ethernet/netronome/nfp/bpf/{main,offload}.c
 */
export class NfpDevice {
  readonly card: NfpCard
  readonly #maps = new Map<number, OffloadedMap>()
  readonly #programs = new Map<number, LoadedNfpProgram>()
  #elementsInUse = 0

  /** @throws DeviceError DEVICE_PROFILE_UNKNOWN for an unknown card */
  constructor(card: string | NfpCard) {
    this.card = typeof card === 'string' ? nfpCard(card) : card
  }

  /** The card's maps by id. */
  get maps(): ReadonlyMap<number, OffloadedMap> {
    return this.#maps
  }

  get usage(): OffloadUsage {
    return { mapsInUse: this.#maps.size, elementsInUse: this.#elementsInUse }
  }

  /** BPF_MAP_CREATE with map_ifindex. @throws AttachError XDP_MAP_OFFLOAD EINVAL, EOPNOTSUPP, ENOMEM */
  allocateMap(id: number, attributes: MapAttributes): OffloadedMap {
    const refusal = checkOffloadedMap(this.card, attributes, this.usage)
    if (refusal !== undefined) throw refusal
    const map: OffloadedMap = {
      id,
      tableId: this.#freeTableId(),
      attributes,
      words: unusedWords(attributes.valueSizeBytes),
    }
    this.#maps.set(id, map)
    this.#elementsInUse += attributes.maxEntries
    return map
  }

  #freeTableId(): number {
    const taken = new Set([...this.#maps.values()].map(({ tableId }) => tableId))
    let tableId = 1
    while (taken.has(tableId)) tableId++
    return tableId
  }

  /** The last reference to a map is gone. */
  freeMap(id: number): void {
    const map = this.#maps.get(id)
    if (map === undefined) return
    this.#maps.delete(id)
    this.#elementsInUse -= map.attributes.maxEntries
  }

  /** The hooks for verifying one program; give them to {@link loaded} once it was accepted. */
  hooks(program: NfpProgram): NfpHooks {
    return new NfpHooks({ card: this.card, program, maps: this.#maps })
  }

  /** Keeps what attaching program `id` will ask about. */
  loaded(id: number, hooks: NfpHooks): LoadedNfpProgram {
    const { maxPacketOffset, stackBytes, translation } = hooks
    if (translation === undefined) throw new Error('a program is kept once the verifier accepted it')
    const program = {
      maxPacketOffset,
      stackBytes,
      programWords: translation.words.length,
      translation,
      source: withMapIds(hooks),
    }
    this.#programs.set(id, program)
    return program
  }

  /** A program that was loaded for this card. */
  program(id: number): LoadedNfpProgram | undefined {
    return this.#programs.get(id)
  }

  unloaded(id: number): void {
    this.#programs.delete(id)
  }

  /** The driver of one port: native mode as its profile says, offload mode as the card can. */
  driver(profile: NicProfile): AttachDriver {
    const host = profileDriver(profile)
    return {
      install: (request) => (request.mode === 'offload' ? this.#install(request) : host.install?.(request)),
      changeMtu: (mtu, active) => {
        const refusal = host.changeMtu?.(mtu, active)
        if (refusal !== undefined) return refusal
        const program = active('offload')
        if (program === undefined || !this.#accessesBeyondSplit(program, mtu)) return undefined
        const kernelLog = 'BPF offload active, potential packet access beyond hardware packet boundary'
        return { errno: ERRNO.EBUSY, kernelLog }
      },
    }
  }

  /** @see nfp_net_bpf_offload, nfp_net_bpf_load */
  #install({ program, previous, mtu }: InstallRequest): AttachRefusal | undefined {
    if (program === undefined) return undefined
    if (program.bound?.offloaded !== true) return { errno: ERRNO.EINVAL }
    const { firmware } = this.card
    if (previous !== undefined && !firmware.liveReload) {
      return { errno: ERRNO.EBUSY, extack: 'nfp: FW does not support live reload' }
    }
    if (this.#accessesBeyondSplit(program, mtu)) {
      return unsupported('BPF offload not supported with potential packet access beyond HW packet split boundary')
    }
    const loaded = this.#programs.get(program.id)
    if ((loaded?.stackBytes ?? 0) > firmware.stackBytes) return unsupported('stack too large')
    if ((loaded?.programWords ?? 0) > firmware.maxProgramWords) return unsupported('program too long')
    return undefined
  }

  /** @see nfp_bpf_offload_check_mtu */
  #accessesBeyondSplit(program: AttachProgram, mtu: number): boolean {
    const offset = Math.min(this.#programs.get(program.id)?.maxPacketOffset ?? 0, mtu)
    return this.card.firmware.inlineBytes - 32 < offset
  }
}

/** Map references by id, as programs are listed, in the place of those by fd. */
function withMapIds({ program, findings }: NfpHooks): NfpProgram {
  const named = findings?.maps ?? []
  const insns = program.insns.map((insn, pc) => ({ ...insn, imm: named[pc]?.id ?? insn.imm }))
  return { ...program, insns }
}

function unsupported(text: string): AttachRefusal {
  return { errno: ERRNO.EOPNOTSUPP, extack: `nfp: ${text}` }
}
