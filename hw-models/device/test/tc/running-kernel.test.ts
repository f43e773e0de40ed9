import { spawnSync } from 'node:child_process'
import {
  AttachError,
  classicProgram,
  iprouteErrorLines,
  type TcDirection,
  type TcProtocol,
  TrafficControl,
  tcFilterLines,
  tcQdiscLines,
} from '../../src/index.ts'
import { holdToAnswers } from '../support/kept-answers.ts'

/** Random series of commands, each given to tc, in a network namespace of its own, and to the model. */
const COMMANDS = 40
const BYTECODE = classicProgram([{ code: 6, jt: 0, jf: 0, k: 4294967295 }])

/** What newer kernels say in other words than 6.12. */
const NEWER_WORDS: Readonly<Record<string, string>> = {
  'Error: Protocol mismatch for filter with specified priority.':
    'Error: Filter with specified priority/protocol not found.',
  'Error: Lowest ID from auto-alloc range already in use.': 'Error: Filter with specified priority/protocol not found.',
  'Error: Invalid qdisc name: must match existing qdisc.': 'Error: Invalid qdisc name.',
}

interface Step {
  /** As tc takes it. */
  readonly command: string
  readonly run: (tc: TrafficControl) => void
}

function randomSource(seed: number): <T>(items: readonly T[]) => T {
  let state = seed * 2654435761 + 1
  return (items) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return items[(state >>> 0) % items.length] as (typeof items)[number]
  }
}

type Pick = ReturnType<typeof randomSource>

interface Place {
  readonly direction: TcDirection
  readonly priority?: number
  readonly handle?: number
  readonly chain?: number
  readonly protocol?: TcProtocol
}

function place(pick: Pick): { readonly at: Place; readonly words: string } {
  const direction = pick<TcDirection>(['ingress', 'ingress', 'egress'])
  const priority = pick([undefined, 1, 2, 0x8000])
  const handle = pick([undefined, 1, 2])
  const chain = pick([undefined, undefined, 3])
  const protocol = pick<TcProtocol | undefined>([undefined, undefined, undefined, 'ip', 'all'])
  const given = { priority, handle, chain, protocol }
  const kept = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const names = { priority: 'prio', handle: 'handle', chain: 'chain', protocol: 'protocol' } as const
  const words = Object.entries(kept).map(([key, value]) => `${names[key as keyof typeof names]} ${value}`)
  return { at: { direction, ...kept }, words: [`dev lo ${direction}`, ...words].join(' ') }
}

function filterStep(pick: Pick, verb: 'add' | 'replace' | 'change'): Step {
  const { at, words } = place(pick)
  const flags = pick([{}, { directAction: true }, { skipHw: true }, { skipSw: true }])
  const flagWords = { directAction: 'da', skipHw: 'skip_hw', skipSw: 'skip_sw' } as const
  const said = Object.keys(flags).map((flag) => flagWords[flag as keyof typeof flagWords])
  const methods = { add: 'addFilter', replace: 'replaceFilter', change: 'changeFilter' } as const
  return {
    command: ['tc filter', verb, words, 'bpf bytecode "1,6 0 0 4294967295"', ...said].join(' '),
    run: (tc) => void tc[methods[verb]]({ program: BYTECODE, ...at, ...flags }),
  }
}

function deletion(pick: Pick): Step {
  const { at, words } = place(pick)
  return {
    command: `tc filter del ${words}${at.handle === undefined ? '' : ' bpf'}`,
    run: (tc) => tc.deleteFilter(at),
  }
}

function qdiscStep(pick: Pick): Step {
  const kind = pick(['clsact', 'ingress'] as const)
  return pick([
    { command: `tc qdisc add dev lo ${kind}`, run: (tc: TrafficControl) => tc.addQdisc(kind) },
    { command: `tc qdisc del dev lo ${kind}`, run: (tc: TrafficControl) => tc.deleteQdisc(kind) },
  ])
}

function series(seed: number): Step[] {
  const pick = randomSource(seed)
  const kinds = ['add', 'add', 'add', 'replace', 'change', 'del', 'del', 'qdisc'] as const
  const first: Step = { command: 'tc qdisc add dev lo clsact', run: (tc) => tc.addQdisc('clsact') }
  const rest = Array.from({ length: COMMANDS }, () => {
    const kind = pick(kinds)
    if (kind === 'del') return deletion(pick)
    return kind === 'qdisc' && pick([false, false, true])
      ? qdiscStep(pick)
      : filterStep(pick, kind === 'qdisc' ? 'add' : kind)
  })
  return [first, ...rest]
}

/** What a command said, and what is there after it. */
function modelled(steps: readonly Step[]): string[] {
  const tc = new TrafficControl({ name: 'lo', ifindex: 1, driver: {}, accepts: () => true })
  return steps.map((step) => {
    let said = ''
    try {
      step.run(tc)
    } catch (error) {
      if (!(error instanceof AttachError)) throw error
      said = iprouteErrorLines(error)[0] as string
    }
    const shown = (['ingress', 'egress'] as const).flatMap((direction) => tcFilterLines(tc, direction))
    return [step.command, said, ...tcQdiscLines(tc), ...shown].join('\n')
  })
}

/** Undefined where there is no namespace to be had, or no tc. */
function running(steps: readonly Step[]): string[] | undefined {
  const show = 'tc qdisc show dev lo | grep ffff; tc filter show dev lo ingress 2>&1; tc filter show dev lo egress 2>&1'
  const script = steps.map(({ command }) => `echo '@@'; ${command} 2>&1 | head -1; ${show}`).join('\n')
  const { status, stdout } = spawnSync(
    'unshare',
    ['-n', 'bash', '-c', `tc qdisc add dev lo clsact && tc qdisc del dev lo clsact || exit 77\n${script}\nexit 0`],
    { encoding: 'utf8' },
  )
  if (status !== 0) return undefined
  const parts = stdout.split('@@\n').slice(1)
  return parts.map((part, index) => {
    const lines = part
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd())
    const fails = /^(Error:|RTNETLINK)/.test(lines[0] ?? '')
    const said = fails ? (lines.shift() ?? '') : ''
    const rest = lines.filter((line) => line !== '' && line !== "Error: Parent Qdisc doesn't exists.")
    return [steps[index]?.command, NEWER_WORDS[said] ?? said, ...rest].join('\n')
  })
}

holdToAnswers('tc says and shows what happens', new URL('golden/tc-series.txt', import.meta.url), 2, {
  modelled: (seed) => modelled(series(seed)),
  running: (seed) => running(series(seed)),
})
