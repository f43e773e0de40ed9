/** Lines of newer kernels about analyses of theirs that have no counterpart here. */
const NOT_OURS = /^(SCC |\([\d,]+\) (frame|live) |verification time )/

/**
 * A log without what differs from run to run or is not ours: addresses of maps, with the padding that depends on their
 * length, times, and the columns of loop numbers.
 */
export function comparableLog(log: string): string {
  return (
    log
      // One refusal of 6.18 lacks its line break.
      .replace(/(tail call)(processed )/, '$1\n$2')
      // 6.12 calls its bugs errors.
      .replace('verifier bug: ', 'verifier internal error: ')
      .split('\n')
      .filter((line) => !NOT_OURS.test(line))
      .map((line) =>
        line.replace(/= 0x(ffff[0-9a-f]{12}|0)( +;|$)/, (_, _address, end: string) => `= 0x0${end === '' ? '' : ' ;'}`),
      )
      .map((line) => line.replace(/^ {2}\d( +\d+: [.0-9]{10} )/, '   $1').trimEnd())
      .join('\n')
      .trim()
  )
}
