import { describeEngine } from '@bpfoundry/testbench'
import { DeploymentError } from './deployment-error.ts'
import { judgeExpectations } from './expectation/judge-expectations.ts'
import { Measurements } from './measure/measurements.ts'
import type { DeploymentFile } from './read-deployment.ts'
import { draftReport, finishReport } from './report/build-report.ts'
import type { DeploymentReport } from './report/deployment-report.ts'
import type { CostModel } from './simulation/cost-model.ts'
import { runFault } from './simulation/fault-runner.ts'
import { buildNetwork, type Network } from './simulation/network.ts'
import { PublishedCosts } from './simulation/published-costs.ts'
import { startBurst, startTraffic } from './simulation/traffic.ts'
import { World } from './simulation/world.ts'
import { EventLog } from './stage/event-log.ts'
import type { Stage } from './stage/host-stage.ts'
import { setStage } from './stage/set-stage.ts'

/** How a deployment is run. */
export interface RunDeploymentOptions {
  /** Instead of the file's. */
  readonly engine?: string
  readonly seed?: number
  /** How long the modelled hardware takes; published measurements when absent. */
  readonly costs?: CostModel
  /** Stops the run; the report is of what was until then. */
  readonly signal?: AbortSignal
  /** Called now and then with the modelled time and the packets sent so far. */
  readonly onProgress?: (nowNs: number, sent: number) => void
}

/** Events between two turns of the event loop. */
const EVENTS_PER_TURN = 2048

/**
 * Runs a deployment in modelled time and accounts for every packet. One thread, one order: the same file gives the same
 * report on every host and engine, but for `wall`.
 *
 * @throws DeploymentInvalid with what kernel, drivers and cards refuse
 * @throws DeploymentError DEPLOYMENT_UNSUPPORTED for an engine that does not run on this host
 */
export async function runDeployment(
  file: DeploymentFile,
  options: RunDeploymentOptions = {},
): Promise<DeploymentReport> {
  const engine = checkedEngine(options.engine ?? file.deployment.engine, file)
  const seed = options.seed ?? file.deployment.seed
  const log = new EventLog()
  const stage = await setStage(file, { engine, seed, log })
  try {
    return await new Run(file, stage, { ...options, engine, seed, log }).run()
  } finally {
    await stage.close()
  }
}

/** Sets a deployment up and runs nothing: finds everything that can be wrong before the first packet. @throws as {@link runDeployment} */
export async function checkDeployment(
  file: DeploymentFile,
  options: Pick<RunDeploymentOptions, 'engine'> = {},
): Promise<void> {
  const engine = checkedEngine(options.engine ?? file.deployment.engine, file)
  const stage = await setStage(file, { engine, seed: file.deployment.seed, log: new EventLog() })
  await stage.close()
}

interface RunSettings extends RunDeploymentOptions {
  readonly engine: string
  readonly seed: number
  readonly log: EventLog
}

class Run {
  readonly #file: DeploymentFile
  readonly #stage: Stage
  readonly #settings: RunSettings
  readonly #world: World
  readonly #network: Network

  constructor(file: DeploymentFile, stage: Stage, settings: RunSettings) {
    this.#file = file
    this.#stage = stage
    this.#settings = settings
    const { deployment, names } = file
    this.#world = new World({
      measure: new Measurements(Object.keys(deployment.traffic), [...names.receivers]),
      costs: settings.costs ?? new PublishedCosts(),
      log: settings.log,
      hopLimit: deployment.hopLimit,
    })
    this.#network = buildNetwork(this.#world, stage, deployment)
  }

  async run(): Promise<DeploymentReport> {
    const { log, engine, seed, signal } = this.#settings
    const started = performance.now()
    this.#plan()
    await this.#advance()
    const wallSeconds = (performance.now() - started) / 1000
    const interrupted = signal?.aborted ?? false
    const draft = draftReport({
      file: this.#file,
      world: this.#world,
      network: this.#network,
      log,
      engine,
      seed,
      interrupted,
      wallSeconds,
    })
    const evidence = {
      draft,
      stage: this.#stage,
      world: this.#world,
      line: (index: number) => this.#file.document.at(['expect', index]).line,
    }
    const expectations = judgeExpectations(this.#file.deployment.expect, evidence)
    for (const [host, cpus] of this.#network.stepped)
      for (const fault of await cpus.finish()) log.add('run', fault, host)
    return finishReport({ ...draft, log: log.lines }, expectations)
  }

  #plan(): void {
    const { deployment, folder } = this.#file
    const { seed } = this.#settings
    const context = { seed, durationNs: deployment.duration, folder }
    const world = this.#world
    const burst = (name: string, packets: number): void =>
      startBurst(world, this.#network, deployment, { name, packets, context })
    for (const name of Object.keys(deployment.traffic))
      startTraffic(world, this.#network, deployment, { name, context })
    const faults = { world, stage: this.#stage, network: this.#network, seed, burst }
    for (const fault of deployment.faults) world.at(fault.at, () => runFault(fault, faults))
  }

  async #advance(): Promise<void> {
    const { signal, onProgress } = this.#settings
    const { measure } = this.#world
    for (let events = 1; signal?.aborted !== true; events++) {
      const step = this.#world.step()
      if (!(typeof step === 'boolean' ? step : await step)) return
      if (events % EVENTS_PER_TURN !== 0) continue
      onProgress?.(
        this.#world.nowNs,
        measure.tallies.reduce((sum, { sent }) => sum + sent, 0),
      )
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

function checkedEngine(name: string, file: DeploymentFile): string {
  const { obstacle } = describeEngine(name)
  if (obstacle === undefined) return name
  throw new DeploymentError({
    code: 'DEPLOYMENT_UNSUPPORTED',
    message: `engine ${name} does not run here: ${obstacle}`,
    source: file.document.at(['engine']),
    got: name,
    hint: 'wasm and the interpreter run anywhere; auto takes what does',
  })
}
