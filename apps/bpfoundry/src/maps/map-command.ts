import {
  dumpMaps,
  INITIAL_NAMESPACE,
  Kernel,
  type KernelMap,
  type MapInfo,
  mapJson,
  mapLines,
  memlockBytes,
  shownTypes,
  type Viewer,
} from '@bpfoundry/kernel'
import { MAP_TYPE } from '@bpfoundry/kernel-abi'
import { type BenchObjects, createObjects, fillMap, readSpec, readText } from '@bpfoundry/testbench'
import { BtfIds } from '../btf-ids.ts'
import type { CommandIo } from '../command-io.ts'
import { EXIT, UsageError } from '../exit-code.ts'
import { kernelTypesNamed, sayKernelTypes } from '../kernel-types.ts'
import { formatJson } from '../output.ts'
import { type PlayOptions, play } from '../run/play.ts'
import { type ChosenMap, chosenMaps, nameIn } from './chosen-maps.ts'
import { sayUndumpable } from './untold.ts'

/** `map show`, as it is typed. */
export interface MapShowOptions {
  readonly cpus: number
  readonly kernelBtf?: string
  readonly json?: boolean
}

/** `map dump`, as it is typed. */
export interface MapDumpOptions extends PlayOptions {
  readonly kernelBtf?: string
  readonly pretty?: boolean
  readonly json?: boolean
}

/** Maps are bound to no devices here. */
const VIEWER: Viewer = { namespace: INITIAL_NAMESPACE, deviceName: () => undefined }

/** `bpfoundry map show`. @returns the exit code */
export function showMaps(object: string, words: readonly string[], options: MapShowOptions, io: CommandIo): number {
  const name = nameIn(words)
  const { kernel, objects } = loaded(object, options, io)
  const [btfIds, maps] = [new BtfIds(), chosenMaps(objects, name)]
  const infos = maps.map(({ map }) => infoOf(kernel, map, objects, btfIds))
  if (options.json) {
    const shown = infos.map((info) => mapJson(info, VIEWER))
    io.out(`${formatJson(name !== undefined && shown.length === 1 ? shown[0] : shown)}\n`)
  } else {
    for (const line of infos.flatMap((info) => mapLines(info, VIEWER))) io.out(`${line}\n`)
  }
  return EXIT.ok
}

/** `bpfoundry map dump`. @returns the exit code */
export async function dumpMapsOf(
  object: string,
  words: readonly string[],
  options: MapDumpOptions,
  io: CommandIo,
): Promise<number> {
  const name = nameIn(words)
  if (options.pcap === undefined && options.pktgen === undefined) {
    const { objects } = loaded(object, options, io)
    for (const { name: filled, value } of options.map) fillMap(objects.map(filled), readText(value), value)
    return dump(chosenMaps(objects, name), name, options, io)
  }
  if (options.kernelBtf !== undefined) throw noKernelTypes()
  let told: number = EXIT.ok
  const code = await play(object, options, io, ({ objects }) => {
    told = dump(chosenMaps(objects, name), name, options, io)
  })
  return Math.max(code, told)
}

function dump(maps: readonly ChosenMap[], name: string | undefined, options: MapDumpOptions, io: CommandIo): number {
  dumpMaps(
    maps.map(({ map }) => map),
    (text) => io.out(text),
    options,
  )
  const untold = sayUndumpable(maps, io)
  return name !== undefined && untold === maps.length ? EXIT.unsupported : EXIT.ok
}

/** The object in a kernel where nothing runs. */
function loaded(
  object: string,
  { cpus, program, kernelBtf: named }: Pick<MapDumpOptions, 'cpus' | 'program' | 'kernelBtf'>,
  io: CommandIo,
): { kernel: Kernel; objects: BenchObjects } {
  const types = kernelTypesNamed(named)
  const [kernelTypes, kernelBtf] = types === undefined ? [{}, {}] : [{ kernelTypes: types }, { kernelBtf: types }]
  const kernel = Kernel.create({ cpus, hollowMaps: true, ...kernelBtf })
  const wanted = program === undefined ? {} : { programs: [program] }
  const objects = createObjects(kernel, readSpec(object, kernelTypes), object, wanted)
  sayKernelTypes(types, named, io)
  return { kernel, objects }
}

function noKernelTypes(): UsageError {
  return new UsageError({
    code: 'CLI_MAP_KERNEL_BTF',
    message: 'traffic meets programs that need no types of a kernel',
    got: '--kernel-btf with --pcap or --pktgen',
    hint: 'leave one of them out',
  })
}

function infoOf(kernel: Kernel, map: KernelMap, objects: BenchObjects, btfIds: BtfIds): MapInfo {
  const memlock = memlockBytes(map)
  const [owner, types] = [ownerOf(map, objects), shownTypes(map)]
  return {
    ...kernel.mapInfo(map),
    ...(memlock === undefined ? {} : { memlockBytes: memlock }),
    ...(owner === undefined ? {} : { owner }),
    ...(types === undefined ? {} : { btfId: btfIds.of(types.btf) }),
  }
}

/** The first program that uses a prog array decides of what kind all of its programs are. */
function ownerOf(map: KernelMap, objects: BenchObjects): MapInfo['owner'] {
  if (map.attributes.type !== MAP_TYPE.PROG_ARRAY) return undefined
  const user = Object.values(objects.programs).find(({ kernelProgram }) => kernelProgram.maps.includes(map))
  return user === undefined ? undefined : { type: user.kernelProgram.image.type, jited: true }
}
