import { catchFaults, nativeEngineAvailable } from '@bpfoundry/native-exec'
import { CampaignError } from '../campaign-error.ts'
import type { Questioning } from '../plan/shard.ts'
import { classicJudge } from './classic-judge.ts'
import { engineJudge } from './engine-judge.ts'
import type { Judge } from './judge.ts'
import { CLASSIC_MACHINE, KERNEL } from './judge-names.ts'
import { kernelJudge } from './kernel-judge.ts'

/** The judges of a thread, made when they are first asked. */
export class Judges {
  readonly #judges = new Map<string, Judge>()

  /**
   * From the first engine of machine code on a crash in such code ends its run, not the process, where the host can do so.
   *
   * @throws TestbenchError TESTBENCH_ENGINE @throws CampaignError CAMPAIGN_ORACLE
   */
  async byName(name: string, { timeLimitMs, profile }: Questioning): Promise<Judge> {
    // A worker of a queue may be asked for several releases.
    const key = `${name} ${profile ?? ''}`
    const known = this.#judges.get(key)
    if (known !== undefined) return known
    if (isNative(name)) catchFaults()
    const judge = await (MAKERS[name]?.() ??
      engineJudge(name, { timeLimitMs, ...(profile === undefined ? {} : { profile }) }))
    this.#judges.set(key, judge)
    return judge
  }

  close(): void {
    for (const judge of this.#judges.values()) judge.close()
    this.#judges.clear()
  }
}

/** How those are made that are no engines. */
const MAKERS: Readonly<Record<string, () => Judge | Promise<Judge>>> = {
  [KERNEL]: openKernel,
  [CLASSIC_MACHINE]: classicJudge,
}

function isNative(name: string): boolean {
  const native = nativeEngineAvailable()
  return native.available && native.name === name
}

async function openKernel(): Promise<Judge> {
  // Native code, and not part of a published build: read where it is asked for.
  const { kernelOracle } = await import('@bpfoundry/kernel-oracle')
  const asked = kernelOracle()
  if (!('unavailable' in asked)) return kernelJudge(asked)
  throw new CampaignError({
    code: 'CAMPAIGN_ORACLE',
    message: `the running kernel can't be asked: ${asked.unavailable}`,
    hint: 'run it as root on Linux, or without the kernel beside it',
  })
}
