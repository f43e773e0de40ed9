import { DebuggerShell, debuggerCompletions, readBytecode } from '../src/index.ts'

export const name = 'cbpf-debugger'

const SESSIONS = [
  'load bpf 4,40 0 0 12,21 0 1 2048,6 0 0 4294967295,6 0 0 0\nload pcap a\nbreakpoint 1\nrun\nstep -1\nstep 3\nselect 2\nrun 1\nbreakpoint reset\nrun\n',
  'load pcap a\nload bpf 6,32 0 0 4294963256,2 0 0 3,7 0 0 0,12 0 0 0,2 0 0 3,22 0 0 0,\nwatch M[3]\nwatch x\nrun\nback\nstep\ndump\ndisassemble 2\n',
  'load asm a\nload pcap a\nstep 99\nstep\nhelp\nwatch reset\nload bpf 70000,-1 300 4294967296 +5\n',
]

export function seeds(): Uint8Array[] {
  return SESSIONS.map((text) => new TextEncoder().encode(text))
}

const MOST_LINES = 60

/** Any lines, on packets made of them: each is answered, and states are ones that a program can be in. */
export function fuzzOnce(input: Uint8Array): void {
  const text = new TextDecoder().decode(input)
  readBytecode(text)
  const packets = [0, 1, 20].map((from) => ({ data: input.subarray(from, 90), lengthBytes: input.length }))
  const shell = new DebuggerShell({
    asBpfDbg: input.length % 2 === 0,
    files: {
      capture: () => ({ content: packets }),
      text: () => ({ content: 'ldh [12]\ntax\nldb [x + 2]\nst M[1]\nret a\n' }),
    },
  })
  for (const line of text.split('\n').slice(0, MOST_LINES)) {
    debuggerCompletions(line)
    const { output, notes } = shell.execute(line)
    if ([...output, ...notes].some((each) => typeof each !== 'string')) throw new Error(`no text after ${line}`)
    const { pc, instructions, packet, packets: count } = shell.state()
    if (pc > instructions && instructions > 0) throw new Error(`at ${pc} of ${instructions}`)
    if (packet !== undefined && (packet < 1 || packet > count)) throw new Error(`packet ${packet} of ${count}`)
  }
}
