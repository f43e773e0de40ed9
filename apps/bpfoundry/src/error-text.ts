import { isDiagnostic } from '@bpfoundry/diagnostics'
import pc from 'picocolors'

/** An error for stderr: several lines for people, in colour where one watches, one JSON object under `--json`. */
export function formatError(error: unknown, { json, terminal }: { json: boolean; terminal: boolean }): string {
  if (!isDiagnostic(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return json ? JSON.stringify({ error: { code: 'INTERNAL', message: text } }) : `bpfoundry: ${text}`
  }
  if (json) return JSON.stringify({ error: error.toJSON() })
  return terminal ? error.format().replace(/^(\w+)/, (code) => pc.red(code)) : error.format()
}
