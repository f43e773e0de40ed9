import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { bpfoundry, fixture, startArguments } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-deploy-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const EXAMPLE = fixture('deployments/rate-limiter.yaml')
const object = (name: string): string => fixture(`programs/${name}/${name}.v3.o`)

/** A deployment in the test's folder. */
function deployment(
  name: string,
  { count = '50', program = 'drop', mode = 'native', expected = 'min: 1' } = {},
): string {
  const path = join(folder, `${name}.yaml`)
  writeFileSync(
    path,
    `version: 1
name: ${name}
hosts: {box: {cards: {eth0: {profile: agilio-cx-2x10, ringSize: 64}}}}
stations: {peer: {}}
links: {cable: {between: [peer, box.eth0], rate: 10 Gbps}}
programs: {p: {host: box, object: ${object(program)}, attach: [{to: eth0, mode: ${mode}}]}}
traffic: {flow: {from: peer, generate: {rate: 1 Mpps, count: ${count}}}}
expect: [{check: fate, fate: drop, ${expected}}]
`,
  )
  return path
}

describe('bpfoundry deploy', () => {
  test('prints tables, writes page and JUnit, ends with 0', async () => {
    const [html, junit] = [join(folder, 'out', 'report.html'), join(folder, 'out', 'report.xml')]
    const { code, stdout, stderr } = await bpfoundry('deploy', EXAMPLE, '--html', html, '--junit', junit)
    expect([code, stderr]).toEqual([0, 'rate limiter with a full map: running\n'])
    expect(stdout).toContain('4,800 packets sent, each with one end: pass')
    expect(stdout).toContain('expectations: 5 of 5 came true')
    expect(readFileSync(html, 'utf8')).toContain('</html>')
    expect(readFileSync(junit, 'utf8')).toContain('failures="0"')
    expect(readdirSync(join(folder, 'out')).sort()).toEqual(['report.html', 'report.xml'])
  })

  test('--json is the report, with its schema', async () => {
    const { code, stdout } = await bpfoundry('deploy', deployment('json'), '--json')
    const report = JSON.parse(stdout) as { $schema: string; packets: { sent: number; fates: Record<string, number> } }
    expect(code).toBe(0)
    expect(report.$schema).toBe('bpfoundry.deployment/1')
    expect(report.packets).toMatchObject({ sent: 50, fates: { drop: 50 } })
  })

  test('an expectation that does not come true ends with 1, and says what was got', async () => {
    const { code, stdout } = await bpfoundry('deploy', deployment('failing', { expected: 'equals: 49' }))
    expect(code).toBe(1)
    expect(stdout).toContain('FAIL')
    expect(stdout).toContain('50 of 50 (100.0%), expected exactly 49')
  })

  test('--check runs nothing', async () => {
    const { code, stdout } = await bpfoundry('deploy', EXAMPLE, '--check')
    expect([code, stdout]).toEqual([
      0,
      'rate limiter with a full map: ok (1 hosts, 1 interfaces, 2 programs, 2 traffic)\n',
    ])
  })

  test('--schema prints the JSON Schema', async () => {
    const { code, stdout } = await bpfoundry('deploy', '--schema')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      title: 'bpfoundry deployment',
      required: expect.arrayContaining(['version', 'name']),
    })
  })

  test('--seed and --engine take the place of those of the file', async () => {
    const { stdout } = await bpfoundry('deploy', deployment('seeded'), '--seed', '77', '--engine', 'interpreter')
    expect(stdout).toContain('interpreter, seed 77')
  })

  const bad = join(folder, 'bad.yaml')
  writeFileSync(bad, 'version: 1\nname: [\n')
  const wrong = join(folder, 'wrong.yaml')
  writeFileSync(wrong, 'version: 1\nname: wrong\nhost: {}\nseed: many\n')
  // biome-ignore format: table
  test.each([
    { title: 'no file',                   exit: 2, says: /CLI_DEPLOYMENT/,                              args: () => [] },
    { title: 'an unknown option',         exit: 2, says: /unknown option/,                              args: () => [EXAMPLE, '--fast'] },
    { title: 'an unknown engine',         exit: 2, says: /interpreter/,                                 args: () => [EXAMPLE, '--engine', 'steam'] },
    { title: 'a missing file',            exit: 3, says: /TESTBENCH_NO_SUCH_FILE/,                      args: () => [join(folder, 'none.yaml')] },
    { title: 'a folder',                  exit: 3, says: /TESTBENCH_UNREADABLE/,                        args: () => [folder] },
    { title: 'no YAML',                   exit: 3, says: /DEPLOYMENT_YAML.*bad\.yaml:\d+:\d+/s,        args: () => [bad] },
    { title: 'two errors at once',        exit: 3, says: /wrong\.yaml:3:1.*wrong\.yaml:4:7.*2 errors/s, args: () => [wrong] },
    { title: 'a program that is refused', exit: 1, says: /DEPLOYMENT_REFUSED.*refuses p \(offload\)/s, args: () => [deployment('refused', { program: 'l4lb', mode: 'offload' })] },
    { title: 'a page in a folder that is a file', exit: 3, says: /CLI_UNWRITABLE/,                      args: () => [EXAMPLE, '--html', join(bad, 'x.html')] },
  ])('$title ends with $exit', async ({ exit, says, args }) => {
    const { code, stdout, stderr } = await bpfoundry('deploy', ...args())
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(says)
  })

  test('errors are JSON under --json', async () => {
    const { stderr } = await bpfoundry('deploy', wrong, '--json')
    const { error } = JSON.parse(stderr) as {
      error: { errors: { code: string; where: { source: { line: number } } }[] }
    }
    expect(error.errors.map(({ code, where }) => [code, where.source.line])).toEqual([
      ['DEPLOYMENT_SCHEMA', 3],
      ['DEPLOYMENT_SCHEMA', 4],
    ])
  })

  test('Ctrl-C prints the summary so far, ends with 130, and leaves no half of a file', async () => {
    const html = join(folder, 'interrupted.html')
    const path = deployment('long', { count: '20M' })
    const child = spawn(process.execPath, [...startArguments(), 'deploy', path, '--html', html], { timeout: 60_000 })
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
      // The engine is told before the first packet.
      if (!child.killed && stderr.includes('running')) child.kill('SIGINT')
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(code).toBe(130)
    expect(stdout).toContain('stopped after')
    expect(stdout).toMatch(/packets sent, each with one end/)
    expect(existsSync(html)).toBe(true)
    expect(readFileSync(html, 'utf8')).toContain('</html>')
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
