import type { BoundProgramState } from './bound-program-state.ts'
import type { NetdevsimDevice } from './netdevsim-device.ts'
import { NetdevsimError } from './netdevsim-error.ts'

type Value = string | number | boolean

/** A file: how to read it and, unless its mode is 0400, to write it. */
interface DebugFile {
  read(): Value
  write?(value: string): void
}

type Directory = ReadonlyMap<string, DebugFile>

const TRUE = /^(y|yes|t|true|1|on)$/i
const FALSE = /^(n|no|f|false|0|off)$/i

/** The device's folder in debugfs, by paths below `/sys/kernel/debug/netdevsim/netdevsimN`. */
export class Debugfs {
  readonly #device: NetdevsimDevice

  constructor(device: NetdevsimDevice) {
    this.#device = device
  }

  /** Names of the files in the folder `path`, or everywhere. */
  list(path = ''): string[] {
    const inside = path === '' ? '' : `${path.replace(/\/$/, '')}/`
    return [...this.#files().keys()].filter((name) => name.startsWith(inside)).map((name) => name.slice(inside.length))
  }

  /** A file's contents without the newline: `Y` and `N` for switches. @throws NetdevsimError NETDEVSIM_DEBUGFS_PATH */
  read(path: string): string {
    const value = this.#file(path).read()
    return typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value)
  }

  /** @throws NetdevsimError NETDEVSIM_DEBUGFS_PATH, NETDEVSIM_DEBUGFS_READ_ONLY, NETDEVSIM_DEBUGFS_VALUE */
  write(path: string, value: string | number | boolean): void {
    const { write } = this.#file(path)
    if (write === undefined) {
      throw new NetdevsimError({
        code: 'NETDEVSIM_DEBUGFS_READ_ONLY',
        message: `${path} can only be read`,
        got: String(value),
      })
    }
    write(typeof value === 'boolean' ? (value ? 'Y' : 'N') : String(value))
  }

  #file(path: string): DebugFile {
    const files = this.#files()
    const file = files.get(path.replace(/^ports\/(\d+)\/dev\//, ''))
    if (file !== undefined) return file
    throw new NetdevsimError({
      code: 'NETDEVSIM_DEBUGFS_PATH',
      message: `no such file in debugfs: ${path}`,
      got: path,
      expected: [...files.keys()].join(', '),
    })
  }

  #files(): Directory {
    const { knobs, boundPrograms, ports } = this.#device
    return new Map<string, DebugFile>([
      ...knobFiles('', knobs),
      ...boundPrograms.flatMap((state) => programFiles(state)),
      ...ports.flatMap((port): [string, DebugFile][] => [
        ...knobFiles(`ports/${port.index}/`, port.knobs),
        [`ports/${port.index}/bpf_offloaded_id`, { read: () => port.offloadedId }],
      ]),
    ])
  }
}

function programFiles(state: BoundProgramState): [string, DebugFile][] {
  const folder = `bpf_bound_progs/${state.number}`
  return (['id', 'state', 'loaded'] as const).map((name) => [`${folder}/${name}`, { read: () => state[name] }])
}

/** A file for each knob. */
function knobFiles<Knobs extends object>(folder: string, knobs: Knobs): [string, DebugFile][] {
  const values = knobs as Record<string, boolean | number>
  return Object.keys(values).map((name) => [
    `${folder}${name}`,
    {
      read: () => values[name] as boolean | number,
      write: (text) => {
        values[name] = typeof values[name] === 'boolean' ? switchOf(name, text) : numberOf(name, text)
      },
    },
  ])
}

/** kstrtobool. */
function switchOf(name: string, text: string): boolean {
  if (TRUE.test(text.trim())) return true
  if (FALSE.test(text.trim())) return false
  throw wrongValue(name, text, 'Y or N')
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value
  throw wrongValue(name, text, '0 to 4294967295')
}

function wrongValue(name: string, got: string, expected: string): NetdevsimError {
  return new NetdevsimError({ code: 'NETDEVSIM_DEBUGFS_VALUE', message: `${name} takes no such value`, got, expected })
}
