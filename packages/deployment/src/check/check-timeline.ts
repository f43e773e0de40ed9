import { nicProfile } from '@bpfoundry/device'
import type { FaultDescription } from '../schema/fault.ts'
import type { DeploymentNames, ReadableSections } from './deployment-names.ts'
import type { Findings } from './findings.ts'

/** Checks faults in the order of their times: what they act on is there by then. */
export function checkTimeline(sections: ReadableSections, names: DeploymentNames, findings: Findings): void {
  const { faults = [], duration, hosts = {}, programs = {}, expect = [] } = sections
  const removed = new Map<string, number>()
  const order = faults.map((fault, index) => ({ fault, index })).sort((one, other) => one.fault.at - other.fault.at)
  for (const { fault, index } of order) {
    const path = ['faults', index]
    if (duration !== undefined && fault.at > duration) {
      findings.add('DEPLOYMENT_FAULT', [...path, 'at'], 'happens when the run is over', {
        hint: 'let it happen sooner, or raise duration',
      })
    }
    const gone = cardsOf(fault, names).find((card) => removed.has(card))
    if (gone !== undefined) findings.add('DEPLOYMENT_FAULT', path, `card ${gone} was removed before`, { got: gone })
    if (fault.fault === 'remove-card') removed.set(fault.card, index)
    if (fault.fault === 'stall') {
      const cpus = hosts[fault.host]?.cpus
      if (cpus !== undefined && (fault.cpu ?? 0) >= cpus) {
        findings.add('DEPLOYMENT_FAULT', [...path, 'cpu'], `host ${fault.host} has no CPU ${fault.cpu}`, {
          got: fault.cpu ?? 0,
          expected: `0 to ${cpus - 1}`,
        })
      }
    }
    if (fault.fault === 'firmware') {
      const description = [...names.interfaces.values()].find(
        ({ host, card }) => `${host}.${card}` === fault.card,
      )?.description
      if (description !== undefined && nicProfile(description.profile).offload === undefined) {
        findings.add(
          'DEPLOYMENT_FAULT',
          [...path, 'card'],
          `${description.profile} has no firmware that runs programs`,
          { got: fault.card },
        )
      }
    }
    if (fault.fault === 'replace-program') {
      const host = programs[fault.with]?.host
      const there = names.interfaces.get(fault.on)
      if (host !== undefined && there !== undefined && there.host !== host) {
        findings.add(
          'DEPLOYMENT_FAULT',
          [...path, 'with'],
          `program ${fault.with} is of host ${host}, ${fault.on} is not`,
          { got: fault.with, hint: 'name a program of the same host' },
        )
      }
    }
  }
  for (const [index, expectation] of expect.entries()) {
    if (expectation.check !== 'rate' || expectation.to === undefined || expectation.to > expectation.from) continue
    findings.add('DEPLOYMENT_FAULT', ['expect', index, 'to'], 'the time that counts ends before it begins', {
      hint: 'from comes before to',
    })
  }
}

function cardsOf(fault: FaultDescription, names: DeploymentNames): string[] {
  if (fault.fault === 'remove-card' || fault.fault === 'firmware') return [fault.card]
  if (!('on' in fault)) return []
  const there = names.interfaces.get(fault.on)
  return there === undefined ? [] : [`${there.host}.${there.card}`]
}
