import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ATTACH_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import {
  AttachError,
  type AttachProgram,
  ipLinkJson,
  iprouteErrorLines,
  nicProfile,
  profileDriver,
  XDP_FLAGS,
  XDP_MODE_FLAG,
  XdpAttachments,
} from '../src/index.ts'
import { holdToAnswers } from './support/kept-answers.ts'

/** Random series of `ip link set`, each given to the running kernel (a veth in a namespace of its own) and to the model. */
const COMMANDS = 24
const OBJECT = fileURLToPath(new URL('../../../fixtures/programs/drop/drop.v3.o', import.meta.url))

/** Words of ip with the mode flag of each; offload of an object ends before the attach, as veth runs no programs itself. */
const WORDS = {
  xdp: 0,
  xdpgeneric: XDP_MODE_FLAG.generic,
  xdpdrv: XDP_MODE_FLAG.native,
  xdpoffload: XDP_MODE_FLAG.offload,
} as const

interface Step {
  readonly command: string
  readonly word: keyof typeof WORDS
  readonly off: boolean
  readonly force: boolean
}

function series(seed: number): Step[] {
  let state = seed * 2654435761 + 1
  const pick = <T>(items: readonly T[]): T => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return items[(state >>> 0) % items.length] as T
  }
  return Array.from({ length: COMMANDS }, () => {
    const off = pick([true, false, false])
    const word = pick(['xdp', 'xdpgeneric', 'xdpdrv', ...(off ? ['xdpoffload'] : [])] as (keyof typeof WORDS)[])
    const force = pick([true, false])
    const what = off ? 'off' : 'object drop.o section xdp'
    return { command: `ip ${force ? '-force ' : ''}link set dev veth0 ${word} ${what}`, word, off, force }
  })
}

/** The error, if any, and what is attached afterwards. */
function modelled(steps: readonly Step[]): string[] {
  const profile = nicProfile('veth')
  const device = { name: 'veth0', ifindex: 2, mtu: 1500, driver: profileDriver(profile), setProgram: () => {} }
  const attachments = new XdpAttachments(device)
  return steps.map(({ command, word, off, force }, index) => {
    const flags = WORDS[word] | (force ? 0 : XDP_FLAGS.UPDATE_IF_NOEXIST)
    let said = ''
    try {
      if (off) attachments.detach({ flags })
      else attachments.attach(program(index + 1), { flags })
    } catch (error) {
      if (!(error instanceof AttachError)) throw error
      said = iprouteErrorLines(error)[0] as string
    }
    const xdp = ipLinkJson(attachments.attached())
    return [command, said, shown(xdp?.mode, xdp?.attached)].join('\n')
  })
}

function program(id: number): AttachProgram {
  return { id, name: 'drop', tag: '', type: PROG_TYPE.XDP, expectedAttachType: ATTACH_TYPE.XDP }
}

interface AttachedJson {
  readonly mode: number
  readonly prog: { readonly name?: string }
}

function shown(mode: number | undefined, attached: readonly AttachedJson[] = []): string {
  return `mode ${mode ?? 'none'}: ${attached.map((row) => `${row.mode} ${row.prog.name}`).join(', ')}`
}

/** Undefined where there is no namespace, veth or ip to be had. */
function running(steps: readonly Step[]): string[] | undefined {
  const commands = steps.map(({ command }) => command.replace('drop.o', OBJECT))
  const script = commands.map((command) => `echo '@@'; ${command} 2>&1 | head -1; ip -j link show dev veth0`)
  const ready = 'ip link add veth0 type veth peer name veth1 2>/dev/null || exit 77'
  const { status, stdout } = spawnSync('unshare', ['-n', 'bash', '-c', [ready, ...script, 'exit 0'].join('\n')], {
    encoding: 'utf8',
  })
  if (status !== 0) return undefined
  const parts = stdout.split('@@\n').slice(1)
  return parts.map((part, index) => {
    const lines = part.trimEnd().split('\n')
    const json = lines.pop() ?? '[]'
    const [link] = JSON.parse(json) as { xdp?: { mode: number; attached: readonly AttachedJson[] } }[]
    return [steps[index]?.command, lines.join(' '), shown(link?.xdp?.mode, link?.xdp?.attached)].join('\n')
  })
}

holdToAnswers('ip attaches and refuses', new URL('golden/ip-link-series.txt', import.meta.url), 2, {
  modelled: (seed) => modelled(series(seed)),
  running: (seed) => running(series(seed)),
})
