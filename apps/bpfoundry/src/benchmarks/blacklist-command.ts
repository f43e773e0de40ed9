import { type BlacklistResult, type BlacklistRun, benchBlacklist } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { sayEngine } from '../engines.ts'
import { EXIT } from '../exit-code.ts'
import { fixturePath } from '../fixture-path.ts'
import { Interrupt } from '../interrupt.ts'
import { formatCount, formatJson, formatRate, formatTable, Progress } from '../output.ts'
import { kernelBlacklist } from './kernel-blacklist.ts'

export interface BenchBlacklistOptions {
  readonly entries: number
  readonly cpus: number
  readonly frames?: number
  readonly pairs: number
  readonly seconds: number
  readonly engine: string
  readonly kernel: boolean
  readonly json?: boolean
}

/** `bpfoundry bench blacklist`. */
export async function benchBlacklistCommand(options: BenchBlacklistOptions, io: CommandIo): Promise<number> {
  const interrupt = new Interrupt(io)
  const progress = new Progress(io)
  try {
    const result = await benchBlacklist({
      object: fixturePath('programs/blacklist/blacklist.v3.o'),
      entries: options.entries,
      cpus: options.cpus,
      engine: sayEngine(options.engine, io),
      pairs: options.pairs,
      seconds: options.seconds,
      ...(options.frames === undefined ? {} : { frames: options.frames }),
      ...(options.kernel ? { oracle: (question) => kernelBlacklist(question, io) } : {}),
      signal: interrupt.signal,
      onProgress: (text) => progress.show(text),
    })
    progress.clear()
    io.out(options.json ? `${formatJson(result)}\n` : textOf(result))
    return interrupt.aborted ? EXIT.interrupted : EXIT.ok
  } finally {
    progress.clear()
    interrupt.dispose()
  }
}

function textOf(result: BlacklistResult): string {
  const { engine, entries, frames, one, all, ratio, mapBytes, peakBytes, kernel } = result
  const rows = all.cpus === one.cpus ? [runRow(one)] : [runRow(one), runRow(all)]
  const head = ['', 'rate', 'rate a CPU', 'ns a packet on its CPU', 'dropped']
  const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`
  return [
    `A blacklist of ${formatCount(entries)} addresses, ${formatCount(frames)} random sources, native XDP, ${engine}:`,
    '',
    formatTable(head, [...rows, ...(kernel === undefined ? [] : [kernelRow(kernel)])]),
    '',
    ...(all.cpus === one.cpus ? [] : [`${all.cpus} CPUs against one: ${ratio.toFixed(2)} (median of the pairs)`]),
    ...(kernel === undefined
      ? []
      : [`a CPU against the kernel's: ${kernel.timesAsFast.toFixed(1)} times; ${kernel.method}`]),
    `memory: table ${megabytes(mapBytes)}, peak of the process ${megabytes(peakBytes)}`,
    '',
  ].join('\n')
}

function runRow({ cpus, packets, dropped, ...run }: BlacklistRun): string[] {
  const rates = [formatRate(run.packetsPerSecond), formatRate(run.packetsPerSecondPerCpu)]
  const share = `${((100 * dropped) / packets).toFixed(1)} %`
  return [cpus === 1 ? '1 CPU' : `${cpus} CPUs`, ...rates, run.nanosecondsPerPacket.toFixed(1), share]
}

function kernelRow({
  kernel,
  packetsPerSecond,
  nanosecondsPerPacket,
}: NonNullable<BlacklistResult['kernel']>): string[] {
  const rate = formatRate(packetsPerSecond)
  return [`${kernel}, 1 core`, rate, rate, nanosecondsPerPacket.toFixed(1), '']
}
