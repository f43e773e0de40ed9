import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeInsns, type Insn } from '@bpfoundry/isa'

/** One internal (eBPF) test of lib/test_bpf.c. */
export interface KernelTest {
  readonly id: number
  readonly descr: string
  /** The program was made by a function of the kernel, not written out. */
  readonly generated: boolean
  readonly noData: boolean
  /** The context is `dataBytes` of plain memory, not a socket buffer. */
  readonly largeMemory: boolean
  readonly runs: readonly { readonly dataBytes: number; readonly result: number }[]
  /** Decoded when asked for: the largest program has 199,587 slots. */
  insns(): readonly Insn[]
}

/** One tail-call test; markers in its instructions stand for the map and the target, as the kernel's runner has it. */
export interface KernelTailCallTest {
  readonly id: number
  readonly descr: string
  /** r1 points at a 32-bit counter. */
  readonly needsState: boolean
  /** The result is the counter after 1000 runs, not r0. */
  readonly resultInState: boolean
  readonly result: number
  readonly insns: readonly Insn[]
}

export interface KernelVectors {
  readonly tests: readonly KernelTest[]
  readonly tailCallTests: readonly KernelTailCallTest[]
}

interface DumpLine {
  readonly tailCall?: true
  readonly id: number
  readonly descr: string
  readonly generated: boolean
  readonly flags: number
  readonly runs: KernelTest['runs']
  readonly result: number
  readonly start?: number
  readonly slots?: number
}

/** Of lib/test_bpf.c: the tests' flags, and those of the tail-call tests. */
const FLAG = { NO_DATA: 1, LARGE_MEM: 16, NEED_STATE: 1, RESULT_IN_STATE: 2 }
const SLOT_BYTES = 8

/**
 * Reads the tests of lib/test_bpf.c in a kernel tree. Its tables and fill functions are C, and so are cut out, compiled
 * with the host's compiler against the tree's own instruction macros, and asked to print themselves.
 *
 * @param generated also run the kernel's fill functions (14 million instructions); else those tests are left out
 */
export function readTestBpf(tree: string, generated: boolean): KernelVectors {
  const work = mkdtempSync(join(tmpdir(), 'bpfoundry-test-bpf-'))
  try {
    const dump = compileDump(tree, work)
    const bin = join(work, 'insns.bin')
    const index = execFileSync(dump, generated ? [bin, 'generated'] : [bin], { encoding: 'utf8', maxBuffer: 2 ** 28 })
    return vectorsOf(index, readFileSync(bin))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function compileDump(tree: string, work: string): string {
  const read = (file: string): string => readFileSync(join(tree, file), 'utf8')
  mkdirSync(join(work, 'linux'))
  for (const header of ['bpf.h', 'bpf_common.h', 'filter.h']) {
    copyFileSync(join(tree, 'include/uapi/linux', header), join(work, 'linux', header))
  }
  writeFileSync(join(work, 'linux/compiler.h'), '#define __user\n')
  writeFileSync(join(work, 'macros.inc'), macrosOf(read('include/linux/filter.h')))
  writeFileSync(join(work, 'tables.inc'), tablesOf(read('lib/test_bpf.c')))
  const out = join(work, 'dump')
  const source = join(import.meta.dirname, 'dump.c')
  const flags = ['-std=gnu11', '-w', '-Werror=implicit-function-declaration', '-O1', '-I', work]
  execFileSync('gcc', [...flags, '-o', out, source], { stdio: ['ignore', 'ignore', 'pipe'] })
  return out
}

/** Every macro of a header, without what lies between: its functions need the rest of the kernel. */
function macrosOf(header: string): string {
  const macros = header.match(/^#define[ \t]+(?:.*\\\n)*.*\n/gm) ?? []
  return macros.filter((macro) => !macro.startsWith('#define __LINUX_FILTER_H__')).join('')
}

function tablesOf(source: string): string {
  const between = (from: string, to: string): string => {
    const start = source.indexOf(from)
    const end = source.indexOf(to, start)
    if (start < 0 || end < 0) throw new Error(`lib/test_bpf.c is not as expected: no "${from}" before "${to}"`)
    return source.slice(start, end)
  }
  return (
    between('#define MAX_SUBTESTS', 'static struct net_device dev;') +
    between('struct tail_call_test {', 'static void __init destroy_tail_call_tests')
  )
}

function vectorsOf(index: string, bin: Uint8Array): KernelVectors {
  const lines = index
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as DumpLine)
    .filter((line) => line.start !== undefined)
  const insnsOf = ({ start, slots }: DumpLine): readonly Insn[] =>
    decodeInsns(bin.subarray(start! * SLOT_BYTES, (start! + slots!) * SLOT_BYTES))
  return {
    tests: lines
      .filter((line) => line.tailCall === undefined)
      .map((line) => ({
        id: line.id,
        descr: line.descr,
        generated: line.generated,
        noData: (line.flags & FLAG.NO_DATA) !== 0,
        largeMemory: (line.flags & FLAG.LARGE_MEM) !== 0,
        runs: line.runs,
        insns: () => insnsOf(line),
      })),
    tailCallTests: lines
      .filter((line) => line.tailCall === true)
      .map((line) => ({
        id: line.id,
        descr: line.descr,
        needsState: (line.flags & FLAG.NEED_STATE) !== 0,
        resultInState: (line.flags & FLAG.RESULT_IN_STATE) !== 0,
        result: line.result,
        insns: insnsOf(line),
      })),
  }
}
