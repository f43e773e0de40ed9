import {
  type BuiltinGroup,
  builtinNames,
  type FeatureProbe,
  type FeatureReport,
  featureDifference,
  featureJson,
  featureLines,
  featureMacros,
  probeDevice,
  probeFeatures,
} from '@bpfoundry/kernel'
import type { CommandIo } from '../command-io.ts'
import { EXIT } from '../exit-code.ts'
import { cardNamed } from '../offload/cards.ts'
import { formatJson } from '../output.ts'
import { releaseRows } from '../verdicts/verify-command.ts'
import { differenceText } from './difference-text.ts'
import { needsOf, needsText } from './needs.ts'
import { type ProbeWords, probeWords } from './probe-words.ts'
import { probedCard } from './probed-card.ts'

/** `feature probe`, as it is typed. */
export interface ProbeOptions {
  readonly profile?: string
  readonly firmware?: string
  readonly json?: boolean
}

/** `feature needs`, as it is typed. */
export interface NeedsOptions {
  readonly kernelBtf?: string
  readonly json?: boolean
}

/** `bpfoundry feature probe`: what a kernel of a release offers, or a card. @returns the exit code */
export function probe(words: readonly string[], { profile, firmware, json }: ProbeOptions, io: CommandIo): number {
  const asked = probeWords(words)
  const { full, unprivileged, device } = asked
  const request: FeatureProbe = { full, unprivileged, ...(profile === undefined ? {} : { release: profile }) }
  const report =
    device === undefined ? probeFeatures(request) : probeDevice(request, probedCard(cardNamed(device, firmware)))
  io.out(json ? `${formatJson(featureJson(report))}\n` : `${linesOf(report, asked).join('\n')}\n`)
  return EXIT.ok
}

function linesOf(report: FeatureReport, { prefix }: ProbeWords): readonly string[] {
  return prefix === undefined ? featureLines(report) : featureMacros(report, prefix)
}

/** `bpfoundry feature list_builtins`: what is known by name. @returns the exit code */
export function listBuiltins(group: BuiltinGroup, { json }: ProbeOptions, io: CommandIo): number {
  const names = builtinNames(group)
  io.out(json ? `${formatJson(names)}\n` : `${names.join('\n')}\n`)
  return EXIT.ok
}

/** `bpfoundry feature diff`: what one release offers more and less than another. @returns the exit code */
export function difference(from: string, to: string, { json }: ProbeOptions, io: CommandIo): number {
  const [before, after] = [probeFeatures({ release: from, full: true }), probeFeatures({ release: to, full: true })]
  const found = featureDifference(before, after)
  io.out(
    json ? `${formatJson({ $schema: 'bpfoundry.feature-diff/1', ...found })}\n` : differenceText(found, before, after),
  )
  return EXIT.ok
}

/** `bpfoundry feature needs`: the release from which on all of an object loads. @returns the exit code */
export function needs(objects: readonly string[], options: NeedsOptions, io: CommandIo): number {
  const { found, code } = releaseRows(objects, options, io)
  const rows = needsOf(found)
  io.out(options.json ? `${formatJson({ $schema: 'bpfoundry.feature-needs/1', objects: rows })}\n` : needsText(rows))
  return code === EXIT.ok && rows.some(({ since }) => since === undefined) ? EXIT.failed : code
}
