import { spawnSync } from 'node:child_process'

/** The judge of our captures; tests that need it skip with a reason where it is not installed. */
export const hasTcpdump: boolean = spawnSync('tcpdump', ['--version']).status === 0

/** What `tcpdump -nr - ...flags` says about a capture: its lines on stdout, what it complains of on stderr. */
export function tcpdump(capture: Uint8Array, flags: readonly string[]): { lines: string[]; complaints: string } {
  const { stdout, stderr, status } = spawnSync('tcpdump', ['-nr', '-', ...flags], {
    input: capture,
    env: { ...process.env, TZ: 'UTC' },
    encoding: 'utf8',
  })
  const complaints = stderr.replace(/^reading from file .*\n/m, '')
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { lines, complaints: status === 0 ? complaints : `${complaints}(exit ${status})` }
}
