import { fileURLToPath } from 'node:url'
import {
  type DeploymentError,
  type DeploymentFile,
  DeploymentInvalid,
  type DeploymentReport,
  parseDeployment,
  runDeployment,
} from '../src/index.ts'

/** Path of a file under fixtures/. */
export function fixture(path: string): string {
  return fileURLToPath(new URL(`../../../fixtures/${path}`, import.meta.url))
}

/** A deployment that stands beside the examples. */
export function parsed(text: string): DeploymentFile {
  return parseDeployment(text, { file: 'test.yaml', folder: fixture('deployments') })
}

/** What is wrong with a text, also when it is set up; empty where nothing is. */
export async function errorsOf(text: string): Promise<readonly DeploymentError[]> {
  try {
    await runDeployment(parsed(text))
    return []
  } catch (error) {
    if (error instanceof DeploymentInvalid) return error.errors
    throw error
  }
}

/** Runs a text. */
export function ran(text: string): Promise<DeploymentReport> {
  return runDeployment(parsed(text))
}

/** A small sound deployment; tests change it. */
export const SMALL = `version: 1
name: small
hosts:
  box:
    cards:
      eth0: {profile: ixgbe, ringSize: 64}
stations:
  peer: {}
links:
  cable: {between: [peer, box.eth0], rate: 10 Gbps, latency: 1 us}
programs:
  filter:
    host: box
    object: ../programs/blacklist/blacklist.v3.o
    maps:
      blocked: {maxEntries: 1024, entries: [{key: 10.0.0.1, value: 0}]}
    attach:
      - {to: eth0, mode: native}
traffic:
  flow: {from: peer, generate: {rate: 1 Mpps, count: 200, src: 10.0.0.0/30}}
faults:
  - {fault: link-down, at: 50 us, link: cable, for: 10 us}
expect:
  - {check: fate, of: box.eth0, fate: drop, min: 10}
`

/** {@link SMALL} with one text in place of another, which must be there. */
export function changed(from: string, to: string, text: string = SMALL): string {
  if (!text.includes(from)) throw new Error(`there is no ${from} to change`)
  return text.replace(from, to)
}
