import type { RegisterFact } from '@bpfoundry/verifier'
import type { NfpFirmware } from './card.ts'
import { isConstant, varOffValue } from './register-type.ts'

/** ETH_ZLEN - ETH_HLEN: what can always be cut off the head. */
const SHORTEST_PAYLOAD_BYTES = 46n

/**
 * Where a program's only `bpf_xdp_adjust_head` stands, when the firmware guarantees that it can't fail: by a constant,
 * within the room that every packet has. The translator then leaves the checks out.
 *
 * @see nfp_record_adjust_head in nfp/bpf/verifier.c
 */
export class AdjustHeadSite {
  #site: { readonly pc: number; readonly value: bigint } | 'none' | 'checked' = 'none'

  /** Slot of the call; undefined where each call has to check. */
  get pc(): number | undefined {
    return typeof this.#site === 'string' ? undefined : this.#site.pc
  }

  /**
   * A visit of a call: `amount` is r2 there. A second visit has to bring the same number; the driver compares the number as
   * it was with it as an int, so that a negative one that was written as 32 bits is never the same as itself.
   */
  visit(pc: number, amount: RegisterFact, limits: NonNullable<NfpFirmware['adjustHead']>): void {
    const value = BigInt.asUintN(64, varOffValue(amount))
    const bytes = BigInt.asIntN(32, value)
    const fits =
      bytes <= SHORTEST_PAYLOAD_BYTES && bytes <= limits.guaranteedAdd && bytes >= -BigInt(limits.guaranteedSub)
    const isPlain = amount.kind === 'scalar' && isConstant(amount) && fits
    const site = this.#site
    const isSame = typeof site === 'object' && site.pc === pc && site.value === BigInt.asUintN(64, bytes)
    this.#site = isPlain && (site === 'none' || isSame) ? { pc, value } : 'checked'
  }
}
