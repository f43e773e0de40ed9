import { resolve } from 'node:path'
import { ethtoolStats } from '@bpfoundry/device'
import { type Diagnostic, isDiagnostic } from '@bpfoundry/diagnostics'
import type { CollectionSpec } from '@bpfoundry/loader'
import { type BenchObjects, readSpec, Testbench } from '@bpfoundry/testbench'
import { Findings } from '../check/findings.ts'
import { type DeploymentErrorCode, DeploymentInvalid } from '../deployment-error.ts'
import { defined, without } from '../fields.ts'
import type { DeploymentFile } from '../read-deployment.ts'
import type { HostDescription } from '../schema/host.ts'
import type { ProgramDescription } from '../schema/program.ts'
import { frameSource } from '../simulation/traffic-source.ts'
import type { SourcePath } from '../source/source-document.ts'
import { attach } from './attach.ts'
import type { EventLog } from './event-log.ts'
import { firmwareOf } from './firmware.ts'
import type { Stage, StagedHost, StagedInterface, StagedProgram } from './host-stage.ts'
import { contentSteps, withIndexes } from './map-contents.ts'
import { PinnedMaps } from './pinned-maps.ts'

/** How a stage is set. */
export interface StageOptions {
  readonly engine: string
  readonly seed: number
  readonly log: EventLog
}

/**
 * Brings the hosts of a deployment up, puts cards in, loads and attaches programs, fills maps.
 *
 * @throws DeploymentInvalid with everything that kernel, drivers and cards refuse, each at its place in the file
 */
export async function setStage(file: DeploymentFile, options: StageOptions): Promise<Stage> {
  const setter = new StageSetter(file, options)
  try {
    return await setter.set()
  } catch (error) {
    await setter.close()
    throw error
  }
}

class StageSetter {
  readonly #file: DeploymentFile
  readonly #options: StageOptions
  readonly #findings: Findings
  readonly #hosts = new Map<string, StagedHost>()
  readonly #interfaces = new Map<string, StagedInterface>()
  readonly #programs = new Map<string, StagedProgram>()
  readonly #pins = new PinnedMaps()
  readonly #attachments: Stage['attachments'] = new Map()

  constructor(file: DeploymentFile, options: StageOptions) {
    this.#file = file
    this.#options = options
    this.#findings = new Findings(file.document)
  }

  async set(): Promise<Stage> {
    const { hosts, programs } = this.#file.deployment
    for (const [index, name] of Object.keys(hosts).entries()) await this.#raise(name, index)
    for (const [name, description] of Object.entries(programs)) await this.#load(name, description)
    for (const [name, description] of Object.entries(programs)) await this.#attach(name, description)
    this.#openCaptures()
    this.#checkUses()
    if (this.#findings.errors.length > 0) throw new DeploymentInvalid(this.#file.document.file, this.#findings.errors)
    return {
      hosts: this.#hosts,
      interfaces: this.#interfaces,
      programs: this.#programs,
      attachments: this.#attachments,
      close: () => this.close(),
    }
  }

  async close(): Promise<void> {
    for (const { bench } of this.#hosts.values()) await bench.close()
  }

  async #raise(name: string, index: number): Promise<void> {
    const { engine, seed, log } = this.#options
    const { cpus, clock, wakeup } = this.#file.deployment.hosts[name] as HostDescription
    const trace = (line: string): void => log.add('program', line, name)
    const bench = await Testbench.create({ cpus, engine, seed: (seed + 0x9e3779b1 * index) >>> 0, trace })
    const interfaces = new Map<string, StagedInterface>()
    const gigahertz = clock === undefined ? undefined : clock / 1e9
    this.#hosts.set(name, { name, bench, interfaces, gigahertz, wakeupNs: wakeup })
    for (const row of this.#file.names.interfaces.values()) {
      if (row.host !== name) continue
      const { firmware, profile } = row.description
      const options = defined(without(row.description, ['firmware', 'ports', 'profile']))
      this.#try(['hosts', name, 'cards', row.card], 'DEPLOYMENT_SCHEMA', () => {
        const [first] = [...interfaces.values()].filter(({ card }) => card === `${name}.${row.card}`)
        const nic = bench.addNic(row.name, {
          ...options,
          profile,
          ...(firmware === undefined || first !== undefined ? {} : { firmware: firmwareOf(firmware) }),
          ...(first === undefined ? {} : { cardOf: first.nic }),
        })
        const staged = { path: row.path, host: name, card: `${name}.${row.card}`, nic }
        interfaces.set(row.path, staged)
        this.#interfaces.set(row.path, staged)
      })
    }
  }

  async #load(name: string, description: ProgramDescription): Promise<void> {
    const host = this.#hosts.get(description.host) as StagedHost
    const path = ['programs', name]
    const spec = this.#try([...path, 'object'], 'DEPLOYMENT_INPUT', () =>
      readSpec(resolve(this.#file.folder, description.object)),
    )
    if (spec === undefined || !this.#prepare(spec, path, description)) return
    const wanted = description.program === undefined ? {} : { programs: [description.program] }
    const code =
      description.program !== undefined && !spec.programs.has(description.program)
        ? 'DEPLOYMENT_UNKNOWN'
        : 'DEPLOYMENT_REFUSED'
    const at = description.program === undefined ? 'object' : 'program'
    const objects = await this.#tryLater([...path, at], code, () =>
      host.bench.load(spec, { ...wanted, pinned: this.#pins.of(description, spec) }),
    )
    if (objects === undefined) return
    const program = this.#try([...path, at], 'DEPLOYMENT_UNKNOWN', () => objects.program(description.program))
    if (program === undefined) return
    this.#pins.keep(description, objects)
    this.#fill(path, description, objects)
    this.#programs.set(name, { name, host: host.name, objects, program })
  }

  /** Constants, sizes of maps, pins: what is settled before the kernel sees it. @returns whether it can be loaded */
  #prepare(spec: CollectionSpec, path: SourcePath, { constants, maps, host }: ProgramDescription): boolean {
    const before = this.#findings.errors.length
    for (const [variable, value] of Object.entries(constants)) {
      this.#try([...path, 'constants', variable], 'DEPLOYMENT_MAP', () =>
        spec.setVariable(variable, variableValue(withIndexes(value, this.#indexes(host)))),
      )
    }
    for (const [map, { maxEntries }] of Object.entries(maps)) {
      const found = spec.maps.get(map)
      if (found === undefined) {
        this.#findings.unknown([...path, 'maps', map], 'map', map, [...spec.maps.keys()])
        continue
      }
      if (maxEntries !== undefined) found.maxEntries = maxEntries
      const difference = this.#pins.difference(host, maps[map]?.pin, found)
      if (difference !== undefined) this.#findings.add('DEPLOYMENT_MAP', [...path, 'maps', map, 'pin'], difference)
    }
    return this.#findings.errors.length === before
  }

  #fill(path: SourcePath, { maps, host }: ProgramDescription, objects: BenchObjects): void {
    for (const [map, description] of Object.entries(maps)) {
      for (const step of contentSteps(objects.map(map), description, this.#file.folder, this.#indexes(host))) {
        this.#try(
          [...path, 'maps', map, ...step.path],
          step.path[0] === 'file' ? 'DEPLOYMENT_INPUT' : 'DEPLOYMENT_MAP',
          step.run,
        )
      }
    }
  }

  #openCaptures(): void {
    const { traffic, duration } = this.#file.deployment
    for (const [name, description] of Object.entries(traffic)) {
      if (description.capture === undefined) continue
      const context = { seed: this.#options.seed, durationNs: duration, folder: this.#file.folder }
      this.#try(['traffic', name, 'capture', 'file'], 'DEPLOYMENT_INPUT', () => frameSource(name, description, context))
    }
  }

  /** Maps and counters that faults and expectations name: what there is shows only now. */
  #checkUses(): void {
    const { faults, expect } = this.#file.deployment
    for (const [index, fault] of faults.entries())
      if ('map' in fault) this.#checkMap(['faults', index, 'map'], fault.program, fault.map)
    for (const [index, expectation] of expect.entries()) {
      if (expectation.check === 'map') this.#checkMap(['expect', index, 'map'], expectation.program, expectation.map)
      if (expectation.check !== 'counter') continue
      const nic = this.#interfaces.get(expectation.of)?.nic
      const names = nic === undefined ? undefined : new Set(ethtoolStats(nic.nic).map(({ name }) => name))
      if (names !== undefined) this.#findings.known(['expect', index, 'counter'], 'counter', expectation.counter, names)
    }
  }

  #checkMap(path: SourcePath, program: string, map: string): void {
    const spec = this.#programs.get(program)?.objects.spec
    if (spec !== undefined) this.#findings.known(path, 'map', map, spec.maps)
  }

  async #attach(name: string, { attach: places, host }: ProgramDescription): Promise<void> {
    const staged = this.#programs.get(name)
    if (staged === undefined) return
    for (const [index, { to, mode, fallback, optional }] of places.entries()) {
      const there = this.#interfaces.get(to.includes('.') ? to : `${host}.${to}`)
      if (there === undefined) continue
      const outcome = await attach(staged, there, { mode, fallback }, this.#options.log)
      if (outcome.attached !== undefined || optional) {
        this.#attachments.set(`${there.path} ${mode}`, { program: name, mode, fallback })
        continue
      }
      const { refusal } = outcome
      this.#findings.add(
        'DEPLOYMENT_REFUSED',
        ['programs', name, 'attach', index, 'mode'],
        `${there.path} refuses ${name} (${mode}): ${refusal?.message ?? ''}`,
        {
          ...(refusal?.got === undefined ? {} : { got: refusal.got }),
          hint: refusal?.hint ?? 'give fallback: native, or optional: true where a refusal is what you want to see',
          cause: refusal,
        },
      )
    }
  }

  #indexes(host: string): ReadonlyMap<string, number> {
    const { interfaces = new Map<string, StagedInterface>() } = this.#hosts.get(host) ?? {}
    return new Map([...interfaces.values()].map(({ nic }) => [nic.name, nic.ifindex]))
  }

  #try<Result>(path: SourcePath, code: DeploymentErrorCode, action: () => Result): Result | undefined {
    try {
      return action()
    } catch (error) {
      this.#refused(path, code, error)
      return undefined
    }
  }

  async #tryLater<Result>(
    path: SourcePath,
    code: DeploymentErrorCode,
    action: () => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await action()
    } catch (error) {
      this.#refused(path, code, error)
      return undefined
    }
  }

  #refused(path: SourcePath, code: DeploymentErrorCode, error: unknown): void {
    if (!isDiagnostic(error) && !(error instanceof RangeError)) throw error
    const fields: Partial<Diagnostic> = isDiagnostic(error) ? error : {}
    const place = fields.where?.source === undefined ? '' : `${fields.where.source.file}:${fields.where.source.line}: `
    const known = CODES.find(([prefix]) => fields.code?.startsWith(prefix))?.[1]
    this.#findings.add(known ?? code, path, `${place}${error.message}`, {
      ...(fields.got === undefined ? {} : { got: fields.got }),
      ...(fields.expected === undefined ? {} : { expected: fields.expected }),
      ...(fields.hint === undefined ? {} : { hint: fields.hint }),
      cause: error,
    })
  }
}

/** What an error below is here, where its code tells more than the place where it happened. */
const CODES: readonly (readonly [string, DeploymentErrorCode])[] = [
  ['TESTBENCH_NO_SUCH_FILE', 'DEPLOYMENT_INPUT'],
  ['TESTBENCH_UNREADABLE', 'DEPLOYMENT_INPUT'],
  ['KERNEL_PROGRAM_REJECTED', 'DEPLOYMENT_REFUSED'],
  ['GUEST_MEMORY', 'DEPLOYMENT_UNSUPPORTED'],
]

/** Constants are numbers, or addresses of four bytes. */
function variableValue(value: unknown): number | boolean | Uint8Array {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  const parts = typeof value === 'string' ? value.split('.').map(Number) : []
  if (parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256))
    return Uint8Array.from(parts)
  throw new RangeError('a constant is a number or an IPv4 address')
}
