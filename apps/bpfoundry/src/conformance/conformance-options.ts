import { existsSync, statSync } from 'node:fs'
import { findClang, KernelTree, SUITES, type Suite, type SuiteOptions } from '@bpfoundry/conformance'
import { describeEngine, engineByName } from '@bpfoundry/testbench'
import { enginesNamed, localEngines } from '../engines.ts'
import { InputError, UsageError } from '../exit-code.ts'

/** `conformance`, as it is typed. */
export interface ConformanceOptions {
  readonly kernelTree?: string
  readonly suite: Suite | 'all'
  /** Those that run here without an emulator, if not given. */
  readonly engine?: readonly string[]
  readonly oracle?: 'kernel'
  readonly filter?: string
  readonly jobs: number
  /** Seconds. */
  readonly timeout: number
  readonly compiler?: string
  readonly vmlinuxH?: string
  readonly queue?: string
  readonly campaign?: string
  readonly export?: string
  readonly junit?: string
  readonly html?: string
  readonly baseline?: string
  readonly updateBaseline?: boolean
  readonly verbose?: boolean
  readonly json?: boolean
  readonly jsonl?: boolean
}

/** What stands for no compiler, and for nothing else. */
const COMPILER_WORDS = ['never', 'always']

/** Options that do not go together, or not alone, and why. */
// biome-ignore format: table
const RULES: readonly { readonly broken: (options: ConformanceOptions) => boolean; readonly code: string; readonly message: string; readonly hint: string }[] = [
  { broken: ({ json, jsonl }) => json === true && jsonl === true,                  code: 'CLI_OUTPUT',   message: 'two forms of output given',                hint: 'give one of --json and --jsonl' },
  { broken: ({ baseline, updateBaseline }) => updateBaseline === true && !baseline, code: 'CLI_BASELINE', message: '--update-baseline without --baseline',    hint: 'name the file by --baseline FILE' },
  { broken: ({ campaign, queue }) => campaign !== undefined && !queue,             code: 'CLI_CAMPAIGN', message: '--campaign without --queue',                hint: 'a campaign has a name on a queue only' },
  { broken: (options) => options.export !== undefined && asksEngines(options),     code: 'CLI_EXPORT',   message: '--export runs no cases, and reports nothing', hint: 'run it once more without --export for a report' },
  { broken: (options) => options.export !== undefined && !/\.jsonl(\.gz)?$/.test(options.export), code: 'CLI_EXPORT', message: 'no name for an export', hint: 'let it end in .jsonl or .jsonl.gz' },
]

function asksEngines({ oracle, queue, junit, html, baseline, json, jsonl }: ConformanceOptions): boolean {
  return [oracle, queue, junit, html, baseline, json, jsonl].some((option) => option !== undefined)
}

/**
 * The kernel tree of the options, when they make sense.
 *
 * @throws UsageError, InputError, ConformanceError for the first that does not
 */
export function openTree(options: ConformanceOptions): KernelTree {
  const rule = RULES.find(({ broken }) => broken(options))
  if (rule !== undefined) throw new UsageError(rule)
  if (options.kernelTree === undefined) {
    const hint = 'give --kernel-tree DIR, the top folder of a Linux source tree'
    throw new UsageError({ code: 'CLI_KERNEL_TREE', message: 'no kernel tree given', hint })
  }
  const tree = new KernelTree(options.kernelTree)
  return tree
}

/** Who is asked. @throws TestbenchError TESTBENCH_ENGINE for one that does not run here */
export function enginesOf({ engine }: ConformanceOptions): readonly string[] {
  const names = engine === undefined ? localEngines() : enginesNamed(engine)
  for (const name of names) if (describeEngine(name).obstacle !== undefined) engineByName(name)
  return names
}

export function suitesOf({ suite }: ConformanceOptions): readonly Suite[] {
  return suite === 'all' ? SUITES : [suite]
}

/** @throws InputError CLI_NO_SUCH_COMPILER, CLI_NO_SUCH_FILE */
export function suiteOptions({ compiler, vmlinuxH }: ConformanceOptions): SuiteOptions {
  if (compiler !== undefined && !COMPILER_WORDS.includes(compiler)) requireClang(compiler)
  if (vmlinuxH !== undefined && !(existsSync(vmlinuxH) && statSync(vmlinuxH).isFile())) {
    const hint = 'bpftool btf dump file /sys/kernel/btf/vmlinux format c writes one'
    throw new InputError({ code: 'CLI_NO_SUCH_FILE', message: `no such file: ${vmlinuxH}`, hint })
  }
  return {
    ...(compiler === undefined ? {} : { compiler }),
    ...(vmlinuxH === undefined ? {} : { vmlinuxHeader: vmlinuxH }),
  }
}

function requireClang(command: string): void {
  const found = findClang(command)
  if (!('missing' in found)) return
  throw new InputError({
    code: 'CLI_NO_SUCH_COMPILER',
    message: found.missing,
    hint: 'give the path of a clang, or never: what is written in C is counted then, and not run',
  })
}
