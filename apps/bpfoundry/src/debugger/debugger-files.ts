import { readFileSync, statSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import type { DebuggerFiles, DebuggerPacket, FileAnswer } from '@bpfoundry/cbpf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { type CapturedPacket, readCapture } from '@bpfoundry/packet'
import { linkFields } from './link-fields.ts'

/** Bytes of a pcap file's header. */
const HEADER_BYTES = 24

/** Files by their paths; what can't be read is told in bpf_dbg's words. */
export const SYSTEM_FILES: DebuggerFiles = { capture: captureFile, text: textFile }

function captureFile(path: string): FileAnswer<readonly DebuggerPacket[]> {
  const bytes = readBytes(path, 'pcap')
  if (!('content' in bytes)) return bytes
  if (bytes.content.length <= HEADER_BYTES)
    return { refusal: 'pcap file too small!', note: `${bytes.content.length} bytes` }
  try {
    return packetsOf(readCapture(bytes.content, { name: path }))
  } catch (error) {
    if (isDiagnostic(error)) return { refusal: 'wrong pcap magic!', note: String(error) }
    throw error
  }
}

/** Of a file that is damaged, those before the damage. */
function packetsOf(capture: Iterable<CapturedPacket>): FileAnswer<readonly DebuggerPacket[]> {
  const content: DebuggerPacket[] = []
  try {
    for (const packet of capture) content.push(toPacket(packet))
    return { content }
  } catch (error) {
    if (isDiagnostic(error)) return { content, note: `${content.length} packets; ${String(error)}` }
    throw error
  }
}

function toPacket({ data, originalLengthBytes, linkType, interfaceId }: CapturedPacket): DebuggerPacket {
  return { data, lengthBytes: originalLengthBytes, fields: linkFields(data, linkType, interfaceId + 1) }
}

function textFile(path: string): FileAnswer<string> {
  const bytes = readBytes(path, 'assembly')
  return 'content' in bytes ? { content: Buffer.from(bytes.content).toString('utf8') } : bytes
}

function readBytes(path: string, what: string): FileAnswer<Uint8Array> {
  try {
    if (!statSync(path).isFile()) return { refusal: `not a regular ${what} file, duh!`, note: path }
    return { content: readFileSync(path) }
  } catch (cause) {
    return { refusal: `cannot open ${what} [${systemText(cause as NodeJS.ErrnoException)}]!`, note: path }
  }
}

/** As strerror(3) has it: `No such file or directory`. */
function systemText({ errno, message }: NodeJS.ErrnoException): string {
  const text = errno === undefined ? message : (getSystemErrorMap().get(errno)?.[1] ?? message)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
