import { NIC_PROFILES, nicProfile } from '@bpfoundry/device'
import type { CardDescription } from '../schema/host.ts'
import type { DeploymentNames, ReadableSections } from './deployment-names.ts'
import type { Findings } from './findings.ts'

/** What card and driver allow; the rest they say themselves when the card is put in. */
export function checkCards({ hosts = {} }: ReadableSections, findings: Findings): void {
  for (const [host, { cards }] of Object.entries(hosts)) {
    for (const [card, description] of Object.entries(cards))
      checkCard(['hosts', host, 'cards', card], description, findings)
  }
}

function checkCard(path: readonly string[], card: CardDescription, findings: Findings): void {
  const profile = nicProfile(card.profile)
  if ((card.queues ?? 0) > profile.maxQueues) {
    findings.add('DEPLOYMENT_SCHEMA', [...path, 'queues'], `more queues than ${profile.name} has`, {
      got: card.queues ?? 0,
      expected: `at most ${profile.maxQueues}`,
    })
  }
  if ((card.mtu ?? 0) > profile.maxMtu) {
    findings.add('DEPLOYMENT_SCHEMA', [...path, 'mtu'], `larger MTU than ${profile.name} has`, {
      got: card.mtu ?? 0,
      expected: `at most ${profile.maxMtu}`,
    })
  }
  if (card.firmware !== undefined && profile.offload === undefined) {
    findings.add('DEPLOYMENT_SCHEMA', [...path, 'firmware'], `${profile.name} has no firmware that runs programs`, {
      hint: `cards that do: ${offloadCards().join(', ')}`,
      atKey: true,
    })
  }
}

function offloadCards(): string[] {
  return [...NIC_PROFILES.values()].filter(({ offload }) => offload !== undefined).map(({ name }) => name)
}

/** Offload needs a card that runs programs itself. */
export function checkModes({ programs = {} }: ReadableSections, names: DeploymentNames, findings: Findings): void {
  for (const [name, { host, attach }] of Object.entries(programs)) {
    const hooks = new Map<string, number>()
    for (const [index, { to, mode }] of attach.entries()) {
      const path = ['programs', name, 'attach', index]
      const there = names.interfaces.get(to.includes('.') ? to : `${host}.${to}`)
      if (there === undefined) continue
      if (there.host !== host) {
        findings.add('DEPLOYMENT_UNKNOWN', [...path, 'to'], `${to} is not of host ${host}`, {
          got: to,
          hint: 'a program is attached to cards of the host that loads it: describe it for each host',
        })
      }
      if (mode === 'offload' && nicProfile(there.description.profile).offload === undefined) {
        findings.add('DEPLOYMENT_REFUSED', [...path, 'mode'], `${there.description.profile} runs no programs itself`, {
          got: mode,
          expected: 'native, generic',
          hint: `cards that do: ${offloadCards().join(', ')}`,
        })
      }
      if (hooks.has(`${to} ${mode}`))
        findings.add('DEPLOYMENT_SCHEMA', path, `attached twice to ${to}, ${mode}`, { got: to })
      hooks.set(`${to} ${mode}`, index)
    }
  }
}
