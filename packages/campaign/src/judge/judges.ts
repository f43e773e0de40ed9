import { CampaignError } from '../campaign-error.ts'
import type { Questioning } from '../plan/shard.ts'
import { engineJudge } from './engine-judge.ts'
import type { Judge } from './judge.ts'
import { kernelJudge } from './kernel-judge.ts'

/** The name of the running kernel among judges. */
const KERNEL = 'kernel'

/** The judges of a thread, made when they are first asked. */
export class Judges {
  readonly #judges = new Map<string, Judge>()

  /** Engines in the order of the questioning, then the running kernel, if it is asked. */
  namesFor({ engines, oracle }: Questioning): readonly string[] {
    return oracle === undefined ? engines : [...engines, KERNEL]
  }

  /** @throws TestbenchError TESTBENCH_ENGINE @throws CampaignError CAMPAIGN_ORACLE */
  async byName(name: string): Promise<Judge> {
    const known = this.#judges.get(name)
    if (known !== undefined) return known
    const judge = name === KERNEL ? await openKernel() : engineJudge(name)
    this.#judges.set(name, judge)
    return judge
  }

  isKernel(name: string): boolean {
    return name === KERNEL
  }

  close(): void {
    for (const judge of this.#judges.values()) judge.close()
    this.#judges.clear()
  }
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
