import { Kernel } from '@bpfoundry/kernel'
import { Debugfs, NetdevsimBus } from '../src/index.ts'

export const name = 'netdevsim-debugfs'

const DEVICE = new NetdevsimBus(Kernel.create()).addDevice({ ports: 2 })
const DEBUGFS = new Debugfs(DEVICE)

export function seeds(): Uint8Array[] {
  return DEBUGFS.list()
    .flatMap((path) => [`${path}=Y`, `${path}=N`, `${path}=500`])
    .map((line) => new TextEncoder().encode(line))
}

/** `path=value`: written and read back, or refused; a device takes values of its knobs only. */
export function fuzzOnce(input: Uint8Array): void {
  const line = new TextDecoder().decode(input)
  const at = line.indexOf('=')
  const path = at < 0 ? line : line.slice(0, at)
  DEBUGFS.write(path, line.slice(at + 1))
  const value = DEBUGFS.read(path)
  if (!/^(Y|N|\d+)$/.test(value)) throw new Error(`${path} reads ${value}`)
}
