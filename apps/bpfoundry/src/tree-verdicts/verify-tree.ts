import {
  Compiler,
  emulatedJudge,
  KernelTree,
  runningJudge,
  TreeCounter,
  type TreeJudges,
  type TreeVerdict,
  treeObject,
  treeObjectFiles,
  treeVerdicts,
} from '@bpfoundry/conformance'
import { Kernel } from '@bpfoundry/kernel'
import { DEFAULT_PROFILE, profileFor } from '@bpfoundry/kernel-abi'
import type { KernelOracle } from '@bpfoundry/kernel-oracle'
import type { KernelTypesFile } from '@bpfoundry/testbench'
import type { CommandIo } from '../command-io.ts'
import { EXIT, UnsupportedError } from '../exit-code.ts'
import { openKernelOracle, oracleClient } from '../kernel-oracle.ts'
import { kernelTypesNamed } from '../kernel-types.ts'
import { formatJson, Progress } from '../output.ts'
import { treeText } from './tree-text.ts'

/** `verify --kernel-tree`, as it is typed. */
export interface VerifyTreeOptions {
  readonly kernelTree: string
  readonly filter?: string
  readonly oracle?: 'kernel'
  readonly profile?: string
  readonly compiler?: string
  readonly vmlinuxH?: string
  readonly kernelBtf?: string
  readonly json?: boolean
}

/** Judges every program of a kernel tree's tests. @returns the exit code: 1 where a verdict is not the running kernel's */
export async function verifyTree(options: VerifyTreeOptions, io: CommandIo): Promise<number> {
  const tree = new KernelTree(options.kernelTree)
  const compiler = compilerOf(tree, options)
  const types = kernelTypesNamed(options.kernelBtf)
  const oracle = options.oracle === undefined ? undefined : await openKernelOracle()
  const profile = options.profile ?? (oracle === undefined ? DEFAULT_PROFILE : profileFor(oracle.release))
  const progress = new Progress(io)
  try {
    const judges = await judgesOf(profile, types, oracle)
    const counter = new TreeCounter()
    const verdicts: TreeVerdict[] = []
    const files = treeObjectFiles(tree, options.filter)
    for (const [index, file] of files.entries()) {
      progress.show(`${index} of ${files.length} files: ${file.slice(file.lastIndexOf('/') + 1)}`)
      const object = treeObject(compiler, file, types)
      counter.addObject(object)
      for (const verdict of treeVerdicts(object, judges)) {
        counter.addVerdict(verdict)
        verdicts.push(verdict)
      }
    }
    progress.clear()
    const tally = counter.tally()
    const by = {
      profile,
      kernelTypes: types?.path ?? null,
      ...(oracle === undefined ? {} : { kernel: oracle.release }),
    }
    if (options.json === true)
      io.out(`${formatJson({ $schema: 'bpfoundry.verify-tree/1', ...by, ...tally, verdicts })}\n`)
    else io.out(treeText(tally, by))
    const { outcomes } = tally
    const differing = outcomes['accepted-here'] + outcomes['refused-here'] + outcomes['failed-here']
    return differing > 0 ? EXIT.failed : EXIT.ok
  } finally {
    progress.clear()
    oracle?.close()
  }
}

/** @throws UnsupportedError CLI_UNSUPPORTED_COMPILER without a clang that will do */
function compilerOf(tree: KernelTree, { compiler, vmlinuxH }: VerifyTreeOptions): Compiler {
  const found = Compiler.find(tree, {
    ...(compiler === undefined ? {} : { clang: compiler }),
    ...(vmlinuxH === undefined ? {} : { vmlinuxHeader: vmlinuxH }),
  })
  if (!('missing' in found)) return found
  throw new UnsupportedError({
    code: 'CLI_UNSUPPORTED_COMPILER',
    message: found.missing,
    hint: 'name a clang by --compiler PATH',
  })
}

async function judgesOf(
  profile: string,
  types: KernelTypesFile | undefined,
  oracle: KernelOracle | undefined,
): Promise<TreeJudges> {
  const kernelBtf = types === undefined ? {} : { kernelBtf: types }
  // What a program may index by the number of its CPU depends on how many there are.
  const cpus = oracle === undefined ? {} : { cpus: oracle.possibleCpus }
  const here = emulatedJudge(Kernel.create({ hollowMaps: true, profile, ...kernelBtf, ...cpus }))
  if (oracle === undefined) return { here }
  const { CollectionKernel } = await oracleClient()
  return { here, kernel: runningJudge(() => new CollectionKernel(oracle)) }
}
