import { isDiagnostic } from '@bpfoundry/diagnostics'
import { type PktgenRecord, type PktgenSpec, parsePktgen } from '@bpfoundry/packet'
import { without } from '../fields.ts'
import type { GenerateDescription } from '../schema/traffic.ts'
import type { ReadableSections } from './deployment-names.ts'
import type { Findings } from './findings.ts'

/** Most packets of one source: more is no deployment test, and takes hours. */
const MOST_PACKETS = 100e6

/** The mix of a generator. @throws PacketError PKTGEN_* */
export function generatorSpec(generate: GenerateDescription, seed: number): PktgenSpec {
  const { seed: own, streams } = generate
  const stream = without(generate, ['rate', 'rampTo', 'arrivals', 'count', 'for', 'seed', 'streams'])
  return parsePktgen({
    ...stream,
    seed: own ?? seed,
    ...(streams.length === 0 ? {} : { streams: streams as readonly PktgenRecord[] }),
  } as PktgenRecord)
}

/** How long a generator sends, and how many packets: the sooner of both ends it. */
export function generatorEnd(
  generate: GenerateDescription,
  at: number,
  durationNs: number | undefined,
): { readonly packets: number; readonly forNs: number } {
  const rest = durationNs === undefined ? Number.POSITIVE_INFINITY : Math.max(0, durationNs - at)
  const forNs = Math.min(generate.for ?? Number.POSITIVE_INFINITY, rest)
  const mean = (generate.rate + (generate.rampTo ?? generate.rate)) / 2
  return { packets: generate.count ?? Math.ceil((mean * forNs) / 1e9), forNs }
}

/** Checks that traffic has an end, and that its generator can make it. */
export function checkTraffic({ traffic = {}, duration }: ReadableSections, findings: Findings): void {
  for (const [name, { generate, at, capture }] of Object.entries(traffic)) {
    const path = ['traffic', name, generate === undefined ? 'capture' : 'generate']
    if (duration !== undefined && at >= duration) {
      findings.add('DEPLOYMENT_TRAFFIC', ['traffic', name, 'at'], 'begins when the run is over', {
        hint: 'let it begin sooner, or raise duration',
      })
    }
    if (generate === undefined || capture !== undefined) continue
    checkMix(generate, path, findings)
    const { packets } = generatorEnd(generate, at, duration)
    if (packets === Number.POSITIVE_INFINITY) {
      findings.add('DEPLOYMENT_TRAFFIC', path, `traffic ${name} has no end`, {
        expected: 'count, for, or the duration of the deployment',
        hint: 'add count: 100k',
      })
    } else if (packets > MOST_PACKETS) {
      findings.add('DEPLOYMENT_TRAFFIC', path, `traffic ${name} is too much`, {
        got: `${packets} packets`,
        expected: `at most ${MOST_PACKETS}`,
        hint: 'shorten it: a few milliseconds tell as much',
      })
    }
    if (generate.rampTo !== undefined && generate.for === undefined && duration === undefined) {
      findings.add('DEPLOYMENT_TRAFFIC', [...path, 'rampTo'], 'a ramp without a time', {
        expected: 'for, or the duration of the deployment',
      })
    }
  }
}

function checkMix(generate: GenerateDescription, path: readonly string[], findings: Findings): void {
  try {
    generatorSpec(generate, 1)
  } catch (cause) {
    if (!isDiagnostic(cause)) throw cause
    const [field = ''] = cause.message.split(':')
    const at = field in generate ? [...path, field] : path
    findings.add('DEPLOYMENT_TRAFFIC', at, cause.message, {
      ...(cause.got === undefined ? {} : { got: cause.got }),
      ...(cause.expected === undefined ? {} : { expected: cause.expected }),
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    })
  }
}
