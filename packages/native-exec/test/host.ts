import { beforeEach } from 'vitest'

const X86 = process.arch === 'x64' && process.platform !== 'win32'

/** In a describe block: its tests are skipped, with the reason, unless the host is such. */
export function needs(host: 'linux' | 'System V x86-64'): void {
  const fits = host === 'linux' ? process.platform === 'linux' : X86
  beforeEach((context) => {
    if (!fits) context.skip(`needs ${host}, not ${process.platform} ${process.arch}`)
  })
}
