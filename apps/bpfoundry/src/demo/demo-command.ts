import { join } from 'node:path'
import type { XdpMode } from '@bpfoundry/device'
import { nfpCard } from '@bpfoundry/nfp'
import {
  type BenchMap,
  type BenchNic,
  type BenchObjects,
  CaptureOutput,
  pktgen,
  type RunReport,
  readSpec,
  Testbench,
} from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { sayEngine } from '../engines.ts'
import { EXIT } from '../exit-code.ts'
import { fixturePath } from '../fixture-path.ts'
import { Interrupt } from '../interrupt.ts'
import { formatCount, formatJson, Progress } from '../output.ts'
import { formatReports } from '../report-text.ts'
import { DEFAULT_PROFILES, progressText } from '../run/play.ts'
import { blacklistKeys, TRAFFIC } from './blacklist.ts'

/** `demo`, as it is typed. */
export interface DemoOptions {
  readonly entries: number
  readonly count: number
  readonly cpus: number
  readonly engine: string
  readonly write: string
  readonly json?: boolean
}

const MODES: readonly XdpMode[] = ['generic', 'native', 'offload']
/** One mode's run. */
interface ModeRun {
  readonly mode: XdpMode
  readonly entries: number
  readonly capture: string
  readonly passed: number
  readonly report: RunReport
}

/** `bpfoundry demo`. @returns the exit code */
export async function demo(options: DemoOptions, io: CommandIo): Promise<number> {
  const engine = sayEngine(options.engine, io)
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  const runs: ModeRun[] = []
  const notes: string[] = []
  try {
    for (const mode of MODES) {
      if (interrupt.aborted) break
      const entries = entriesFor(mode, options.entries, notes)
      runs.push(await runMode(mode, entries, { ...options, engine }, interrupt, progress))
    }
  } finally {
    progress.clear()
    interrupt.dispose()
  }
  const peakBytes = process.resourceUsage().maxRSS * 1024
  if (options.json) {
    io.out(`${formatJson({ $schema: 'bpfoundry.demo/1', runs, notes, peakBytes })}\n`)
  } else {
    io.out(demoText(runs, notes, options, peakBytes))
  }
  return interrupt.aborted ? EXIT.interrupted : EXIT.ok
}

/** An offload card holds as many elements as its firmware says; the demo fills it to that and tells. */
function entriesFor(mode: XdpMode, wanted: number, notes: string[]): number {
  if (mode !== 'offload') return wanted
  const card = nfpCard(DEFAULT_PROFILES.offload)
  const most = card.firmware.maps.maxElements
  if (wanted <= most) return wanted
  notes.push(
    `${card.name} holds ${formatCount(most)} map elements: offload runs with as many of the ${formatCount(wanted)}`,
  )
  return most
}

async function runMode(
  mode: XdpMode,
  entries: number,
  options: DemoOptions,
  interrupt: Interrupt,
  progress: Progress,
): Promise<ModeRun> {
  const bench = await Testbench.create({ cpus: options.cpus, threads: true, engine: options.engine })
  try {
    const nic = bench.addNic('eno1', { profile: DEFAULT_PROFILES[mode], txSink: 'discard' })
    progress.show(`${mode}: loading a blacklist of ${formatCount(entries)} addresses`)
    const objects = await loadBlacklist(bench, entries)
    fillBlacklist(objects.map('blocked'), entries)
    await nic.attachXdp(objects.program('filter'), { mode })
    return { mode, entries, ...(await receive(nic, mode, options, interrupt, progress)) }
  } finally {
    await bench.close()
  }
}

/** Lets the traffic arrive, and keeps what passed. */
async function receive(
  nic: BenchNic,
  mode: XdpMode,
  options: DemoOptions,
  interrupt: Interrupt,
  progress: Progress,
): Promise<Pick<ModeRun, 'capture' | 'passed' | 'report'>> {
  const output = new CaptureOutput(join(options.write, `demo-${mode}.pcap`))
  try {
    const report = await nic.receive(pktgen(TRAFFIC, { count: options.count }), {
      signal: interrupt.signal,
      onPass: (frame) => output.add(frame),
      onProgress: (delivered, total) => progress.show(`${mode}: ${progressText(delivered, total)}`),
    })
    output.close()
    return { capture: output.path, passed: output.packets, report }
  } catch (error) {
    output.discard()
    throw error
  }
}

async function loadBlacklist(bench: Testbench, entries: number): Promise<BenchObjects> {
  const spec = readSpec(fixturePath('programs/blacklist/blacklist.v3.o'))
  const map = spec.maps.get('blocked')
  if (map !== undefined) map.maxEntries = entries
  return bench.load(spec, { programs: ['filter'] })
}

function fillBlacklist(map: BenchMap, entries: number): void {
  const BATCH = 1 << 20
  for (let first = 0; first < entries; first += BATCH) {
    const count = Math.min(BATCH, entries - first)
    map.setMany(blacklistKeys(first, count), new Uint8Array(count * map.kernelMap.valueBytes), count)
  }
}

function demoText(runs: readonly ModeRun[], notes: readonly string[], options: DemoOptions, peakBytes: number): string {
  const columns = runs.map(({ mode, report }) => ({ heading: mode, report }))
  const captures = runs.map(({ capture, passed }) => `  ${capture}: ${formatCount(passed)} packets that passed`)
  return [
    `A blacklist of ${formatCount(options.entries)} addresses of 10.0.0.0/8, ${options.cpus} CPUs, ${formatCount(options.count)} packets for each mode:`,
    'random sources in 10.0.0.0/8, and allowed ones among them.',
    '',
    formatReports(columns),
    ...notes.map((note) => `  note: ${note}`),
    ...captures,
    `  peak memory: ${(peakBytes / 2 ** 20).toFixed(0)} MiB`,
    '',
  ].join('\n')
}
