import type { RegisterFact } from '@bpfoundry/verifier'
import type { NfpFirmware } from './card.ts'
import { isConstant, varOffValue } from './register-type.ts'

/** ETH_ZLEN - ETH_HLEN: what can always be cut off the head. */
const SHORTEST_PAYLOAD_BYTES = 46

/**
 * Where a program's only `bpf_xdp_adjust_head` stands, when the firmware guarantees that it can't fail: by a constant,
 * within the room that every packet has. The translator then leaves the checks out.
 *
 * @see nfp_record_adjust_head in nfp/bpf/verifier.c
 */
export class AdjustHeadSite {
  #site: { readonly pc: number; readonly bytes: number } | 'none' | 'checked' = 'none'

  /** Slot of the call; undefined where each call has to check. */
  get pc(): number | undefined {
    return typeof this.#site === 'string' ? undefined : this.#site.pc
  }

  /** A visit of a call: `bytes` is r2 there. */
  visit(pc: number, amount: RegisterFact, limits: NonNullable<NfpFirmware['adjustHead']>): void {
    const bytes = Number(BigInt.asIntN(32, varOffValue(amount)))
    const fits = bytes <= SHORTEST_PAYLOAD_BYTES && bytes <= limits.guaranteedAdd && bytes >= -limits.guaranteedSub
    const isPlain = amount.kind === 'scalar' && isConstant(amount) && fits
    const site = this.#site
    const isOnly = site === 'none' || (typeof site === 'object' && site.pc === pc && site.bytes === bytes)
    this.#site = isPlain && isOnly ? { pc, bytes } : 'checked'
  }
}
