import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KernelTree, suiteFiles } from '../src/index.ts'
import { TESTS, writeTestBpfTree } from '../test/kernel-tree/test-bpf-tree.ts'

export const name = 'test-bpf'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-test-bpf-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Reads tables and asks for every program: cases and located problems, whatever the tables hold. */
export function fuzzOnce(input: Uint8Array): void {
  writeTestBpfTree(folder, new TextDecoder().decode(input))
  for (const file of suiteFiles(new KernelTree(folder), ['test_bpf'], {})) {
    const { cases, problems } = file.read()
    for (const { question } of cases) question()
    const lost = problems.find(({ where }) => where?.source === undefined)
    if (lost !== undefined) throw new Error(`a problem without its place: ${lost.message}`)
  }
}

export const seeds = (): Uint8Array[] => [new TextEncoder().encode(TESTS)]
