import type { CommandIo } from '../../command-io.ts'
import { UsageError } from '../../exit-code.ts'
import { type BenchCardOptions, benchCard } from './card-command.ts'
import { type BenchHostOptions, benchHost } from './host-command.ts'

/** Either a card or a host is named. */
export type BenchNicOptions = Omit<BenchCardOptions, 'card'> &
  Omit<BenchHostOptions, 'host'> & { readonly card?: string; readonly host?: string | true }

/**
 * `bpfoundry bench nic`: what hardware would do, beside what was published of it.
 *
 * @throws UsageError CLI_NIC when neither a card nor a host is named
 */
export async function benchNic({ card, host, ...options }: BenchNicOptions, io: CommandIo): Promise<number> {
  if (card !== undefined) return benchCard({ ...options, card }, io)
  if (host !== undefined) return benchHost({ ...options, host }, io)
  throw new UsageError({
    code: 'CLI_NIC',
    message: 'neither a card nor a host is named',
    expected: '--card NAME, --host, or --host DRIVER',
    hint: '`bpfoundry bench nic --host` shows every published figure of hosts beside the model',
  })
}
