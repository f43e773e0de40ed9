import { errnoText } from '@bpfoundry/kernel-abi'
import type { AttachError } from './device-error.ts'

/**
 * What `ip` and `tc` print when the kernel refuses: the extended acknowledgement where there is one, else the errno.
 *
 * @param tool tc says one more line
 * @see nl_dump_ext_ack, rtnl_talk_error in lib/libnetlink.c of iproute2
 */
export function iprouteErrorLines({ errno, extack }: AttachError, tool: 'ip' | 'tc' = 'ip'): string[] {
  const first = extack === undefined ? `RTNETLINK answers: ${errnoText(errno)}` : `Error: ${sentence(extack)}`
  return tool === 'tc' ? [first, 'We have an error talking to the kernel'] : [first]
}

function sentence(text: string): string {
  return text.endsWith('.') || text.endsWith('\n') ? text : `${text}.`
}
