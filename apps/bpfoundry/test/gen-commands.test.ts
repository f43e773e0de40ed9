import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { KernelMap, KernelProgram } from '@bpfoundry/kernel'
import { XDP_ACTION } from '@bpfoundry/kernel-abi'
import { loadCollectionSpec, type SkeletonDefinition, type SkeletonShape, type TypedMap } from '@bpfoundry/loader'
import { capture, Testbench } from '@bpfoundry/testbench'
import { afterAll, describe, expect, test } from 'vitest'
import { bpfoundry, fixture } from './command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'bpfoundry-gen-'))
// Below the command line's folder, so that the library is found.
const modules = mkdtempSync(fileURLToPath(new URL('../node_modules/.skeletons-', import.meta.url)))
afterAll(() => {
  rmSync(folder, { recursive: true })
  rmSync(modules, { recursive: true })
})

/** What a skeleton of any object can be used as, where no compiler knows it. */
interface Loose extends SkeletonShape {
  readonly programs: Record<string, string>
  readonly variables: Record<string, unknown>
}

type LooseMaps = Readonly<Record<string, TypedMap<unknown, unknown, KernelMap>>>

/** Makes a module of a fixture and imports it. */
async function skeletonOf(object: string, name: string): Promise<SkeletonDefinition<Loose>> {
  const path = join(modules, `${name}.mjs`)
  const { code, stderr } = await bpfoundry('gen', 'skeleton', fixture(object), '--js', '--write', path)
  expect([code, stderr]).toEqual([0, `${path} written\n${path.replace('.mjs', '.d.mts')} written\n`])
  const module = (await import(pathToFileURL(path).href)) as Record<string, SkeletonDefinition<Loose>>
  return module[name] as SkeletonDefinition<Loose>
}

/** A UDP packet of 10.0.0.2 to port 80 of 10.0.0.1. */
function udpFrame(): Uint8Array {
  const frame = new Uint8Array(60)
  frame.set([0x08, 0x00, 0x45, 0, 0, 46], 12)
  frame.set([64, 17, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 0x12, 0x34, 0, 80, 0, 26], 22)
  return frame
}

describe('a generated module runs', () => {
  test('constants decide, variables count', async () => {
    const calls = await skeletonOf('programs/calls/calls.v3.o', 'calls')
    const bench = await Testbench.create()
    const skeleton = calls.open()
    expect({ ...skeleton.variables }).toMatchObject({ sample_every: 4, seen: 100, threshold_bytes: 64n })
    skeleton.variables['sample_every'] = 3
    skeleton.variables['threshold_bytes'] = 59n
    const loaded = skeleton.load(bench.kernel)
    const program = loaded.programs['sample'] as KernelProgram
    const run = (): number => bench.kernel.testRun(program, { data: udpFrame() }).retval
    // 100 have been seen: 102 is the next that 3 divides.
    const { PASS, DROP } = XDP_ACTION
    expect([run(), run(), run(), run(), run()]).toEqual([PASS, DROP, PASS, PASS, DROP])
    expect({ ...loaded.variables }).toMatchObject({ seen: 105, long_packets: 5n })
    loaded.variables['seen'] = 2
    expect(run()).toBe(DROP)
    loaded.close()
    expect(bench.kernel.programs.length).toBe(0)
    await bench.close()
  })

  test('maps take and give values of their types', async () => {
    const l4lb = await skeletonOf('programs/l4lb/l4lb.v3.o', 'l4lb')
    const bench = await Testbench.create({ cpus: 2 })
    const skeleton = l4lb.open()
    skeleton.variables['tunnel_source'] = 0xc0000201
    const loaded = skeleton.load(bench.kernel)
    const maps = loaded.maps as LooseMaps
    maps['services']?.set({ addr: 0x0a000001, port: 80, protocol: 17 }, { number: 2, backends: 1 })
    const mac = { bytes: Uint8Array.of(2, 0, 0, 0, 0, 7) }
    maps['backends']?.set(32, { addr: 0xc6336401, mac, enabled: 1 })
    const { retval, data } = bench.kernel.testRun(loaded.programs['balance'] as KernelProgram, { data: udpFrame() })
    expect(retval).toBe(XDP_ACTION.TX)
    // From the tunnel's address to the backend's.
    expect([...data.subarray(26, 34)]).toEqual([192, 0, 2, 1, 198, 51, 100, 1])
    const none = { packets: 0n, bytes: 0n }
    expect(maps['balanced']?.get(2)).toEqual([{ packets: 1n, bytes: 46n }, none])
    await bench.close()
  })

  test('on a testbench, whose cards take its programs', async () => {
    const blacklist = await skeletonOf('programs/blacklist/blacklist.v3.o', 'blacklist')
    const bench = await Testbench.create()
    const nic = bench.addNic('eno1', { profile: 'ixgbe' })
    const loaded = await blacklist.open().load(bench)
    const blocked = (loaded.maps as LooseMaps)['blocked']
    blocked?.set({ saddr: 0x0a010203 }, 0n)
    const filter = (loaded.programs as Record<string, (typeof loaded.programs)[string]>)['filter']
    if (filter === undefined) throw new Error('no program')
    await nic.attachXdp(filter, { mode: 'native' })
    const { fates } = await nic.receive(capture(fixture('captures/mixed.pcap')))
    expect(fates.drop).toBe(17)
    expect([...(blocked?.entries() ?? [])]).toEqual([[{ saddr: 0x0a010203 }, 17n]])
    await bench.close()
  })
})

describe('gen skeleton', () => {
  const object = fixture('programs/l4lb/l4lb.v3.o')

  test('writes TypeScript to stdout, the same each time', async () => {
    const first = await bpfoundry('gen', 'skeleton', object, '--name', 'balancer', '--type', 'struct xdp_md')
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout).toContain('export const balancer: SkeletonDefinition<BalancerShape>')
    expect(first.stdout).toContain('readonly XdpMd: XdpMd')
    expect(await bpfoundry('gen', 'skeleton', object, '--name', 'balancer', '--type', 'struct xdp_md')).toEqual(first)
  })

  test('tells what is in the object as JSON', async () => {
    const { stdout } = await bpfoundry('gen', 'skeleton', object, '--json')
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({
      $schema: 'bpfoundry.skeleton/1',
      name: 'l4lb',
      programs: [{ name: 'balance', optional: false, about: 'SEC("xdp")' }],
      constants: [{ name: 'tunnel_source', type: 'number', about: '__be32, .rodata' }],
    })
    expect(told.maps[2]).toEqual({
      ...{ name: 'balanced', key: 'number', value: 'readonly Count[]', about: 'percpu_array, 64 entries' },
    })
    expect(told.files).toEqual([{ text: (await bpfoundry('gen', 'skeleton', object)).stdout }])
  })

  test('leaves a file that is right alone', async () => {
    const path = join(folder, 'l4lb.ts')
    const args = ['gen', 'skeleton', object, '--write', path]
    expect((await bpfoundry(...args)).stderr).toBe(`${path} written\n`)
    expect(await bpfoundry(...args)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(path, 'utf8')).toBe((await bpfoundry('gen', 'skeleton', object)).stdout)
  })

  test('watches: a new object gives a new module, a broken one an error', async () => {
    const [watched, path] = [join(folder, 'watched.o'), join(folder, 'watched.ts')]
    copyFileSync(object, watched)
    const until = async (holds: () => boolean): Promise<void> => {
      for (let tries = 0; !holds() && tries < 200; tries++) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(holds()).toBe(true)
    }
    const text = (): string => (readdirSync(folder).includes('watched.ts') ? readFileSync(path, 'utf8') : '')
    const before = process.listenerCount('SIGINT')
    const ended = bpfoundry('gen', 'skeleton', watched, '--write', path, '--watch')
    await until(() => text().includes('tunnel_source'))
    writeFileSync(watched, 'half an object')
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(text()).toContain('tunnel_source')
    copyFileSync(fixture('programs/calls/calls.v3.o'), watched)
    await until(() => text().includes('sample_every'))
    process.emit('SIGINT')
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/watched\.ts written\n(.*\n)*ELF_\w+: (.*\n)*.*watched\.ts written\n/)
    expect(process.listenerCount('SIGINT')).toBe(before)
  })

  test.each([
    ['no such object', ['/nonexistent.o'], 3, /TESTBENCH_NO_SUCH_FILE/],
    ['no such type', [object, '--type', 'struct servce'], 2, /LOADER_TYPE_UNKNOWN[\s\S]*did you mean service/],
    ['a name that is none', [object, '--name', 'new'], 2, /LOADER_SKELETON_NAME/],
    [
      'JavaScript in a TypeScript file',
      [object, '--js', '--write', 'x.ts'],
      2,
      /CLI_FILE_NAME.*\n(.*\n)*.*\.js or \.mjs/,
    ],
    ['TypeScript in a JavaScript file', [object, '--write', 'x.js'], 2, /CLI_FILE_NAME[\s\S]*with --js/],
    ['a module of declarations', [object, '--write', 'x.d.ts'], 2, /CLI_FILE_NAME/],
    ['a watch that writes nothing', [object, '--watch'], 2, /CLI_WATCH/],
    ["a file that can't be written", [object, '--write', '/dev/null/x.ts'], 3, /UNWRITABLE/],
  ] as const)('%s is one clear error', async (_, args, exit, says) => {
    const { code, stdout, stderr } = await bpfoundry('gen', 'skeleton', ...args)
    expect([code, stdout]).toEqual([exit, ''])
    expect(stderr).toMatch(says)
  })
})

/** One of the loader's programs; undefined where there is no compiler. */
function compile(name: string): string | undefined {
  const source = fileURLToPath(new URL(`../../../packages/loader/test/programs/${name}.bpf.c`, import.meta.url))
  const path = join(folder, `${name}.o`)
  const args = ['-O2', '-g', '-target', 'bpf', '-I', fixture('programs/include'), '-c', source, '-o', path]
  return spawnSync('clang-19', args).status === 0 ? path : undefined
}

describe('gen object', () => {
  test('links objects into one that runs', async (ctx) => {
    const [app, library, override] = ['link-app', 'link-library', 'link-override'].map(compile)
    if (app === undefined || library === undefined || override === undefined) {
      return ctx.skip('clang-19 is not installed')
    }
    const path = join(folder, 'linked.o')
    const run = async (...inputs: string[]): Promise<number> => {
      const { code, stdout, stderr } = await bpfoundry('gen', 'object', path, ...inputs)
      const { length } = readFileSync(path)
      expect([code, stdout, stderr]).toEqual([0, '', `${path} written: ${length} bytes of ${inputs.length} objects\n`])
      const bench = await Testbench.create()
      const objects = await bench.load(path)
      const { retval } = objects.program('entry').run({ data: udpFrame() })
      expect(objects.map('counts').get(1)).toMatchObject({ packets: 1 })
      await bench.close()
      return retval
    }
    // 60 bytes, times 3 and 3 more; times 5 and 5 and the d of "word"; 1001 or 3001; 2001.
    const classified = (60 * 3 + 3) * 5 + 5 + 100
    expect(await run(app, library)).toBe(classified + 1001 + 2001)
    expect(await run(app, library, override)).toBe(classified + 3001 + 2001)
    expect(await run(override, library, app)).toBe(classified + 3001 + 2001)
    const told = await bpfoundry('gen', 'object', path, app, library, '--json')
    expect(JSON.parse(told.stdout)).toMatchObject({
      $schema: 'bpfoundry.object/1',
      output: path,
      inputs: [app, library],
    })
  })

  test('leaves no file of objects that do not go together', async () => {
    const path = join(folder, 'twice.o')
    const object = fixture('programs/drop/drop.v3.o')
    const { code, stdout, stderr } = await bpfoundry('gen', 'object', path, object, object)
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/LOADER_LINK: 'drop' is defined twice[\s\S]*all but one weak/)
    expect(readdirSync(folder)).not.toContain('twice.o')
    expect((await bpfoundry('gen', 'object', path)).code).toBe(2)
  })
})

describe('gen min_core_btf', () => {
  /** The section of types, as a kernel would give its own. */
  const typesOf = (object: string): string => {
    const path = join(folder, 'kernel.btf')
    writeFileSync(path, loadCollectionSpec(readFileSync(object)).btf?.encode() ?? '')
    return path
  }

  test('writes the types that objects need, and tells how many', async (ctx) => {
    const [kernel, object] = [compile('core-kernel'), compile('core-certain')]
    if (kernel === undefined || object === undefined) return ctx.skip('clang-19 is not installed')
    const [types, path] = [typesOf(kernel), join(folder, 'least.btf')]
    const { code, stdout, stderr } = await bpfoundry('gen', 'min_core_btf', types, path, object)
    const { length } = readFileSync(path)
    expect([code, stdout, stderr]).toEqual([0, '', `${path} written: 14 types, ${length} bytes\n`])
    const told = await bpfoundry('gen', 'min_core_btf', types, path, object, object, '--json')
    expect(JSON.parse(told.stdout)).toEqual({
      $schema: 'bpfoundry.min-core-btf/1',
      ...{ input: types, output: path, objects: [object, object], types: 14, sizeBytes: length },
    })
    // What it wrote is types again, of which the object needs all.
    const again = join(folder, 'again.btf')
    expect((await bpfoundry('gen', 'min_core_btf', path, again, object)).code).toBe(0)
    expect(readFileSync(again).equals(readFileSync(path))).toBe(true)
  })

  test('leaves no file where an object is none', async () => {
    const types = typesOf(fixture('programs/l4lb/l4lb.v3.o'))
    const path = join(folder, 'none.btf')
    const legacy = fixture('programs/legacy_maps/legacy_maps.v3.o')
    const { code, stderr } = await bpfoundry('gen', 'min_core_btf', types, path, legacy)
    expect(code).toBe(3)
    expect(stderr).toMatch(/LOADER_SECTION[\s\S]*compile with -g/)
    expect(readdirSync(folder)).not.toContain('none.btf')
    expect((await bpfoundry('gen', 'min_core_btf', legacy, path, legacy)).stderr).toMatch(/TESTBENCH_KERNEL_TYPES/)
    expect((await bpfoundry('gen', 'min_core_btf', types, path)).code).toBe(2)
  })
})
