/** 1234567 as 1,234,567; fractions with two digits. */
export function numberText(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: Number.isInteger(value) ? 0 : 2 })
}

/** Packets a second with a unit: `11.5 Mpps`. */
export function rateText(packetsPerSecond: number): string {
  return scaled(packetsPerSecond, ['pps', 'kpps', 'Mpps', 'Gpps'])
}

/** Bits a second with a unit: `9.8 Gb/s`. */
export function bitRateText(bitsPerSecond: number): string {
  return scaled(bitsPerSecond, ['b/s', 'kb/s', 'Mb/s', 'Gb/s', 'Tb/s'])
}

/** A time with a unit: `12.3 us`. */
export function durationText(nanoseconds: number): string {
  return scaled(nanoseconds, ['ns', 'µs', 'ms', 's'])
}

/** 0.123 as `12.3%`. */
export function shareText(share: number): string {
  return `${(100 * share).toFixed(1)}%`
}

function scaled(value: number, units: readonly string[]): string {
  let [number, place] = [value, 0]
  while (number >= 999.5 && place < units.length - 1) {
    number /= 1000
    place++
  }
  return `${Number(number.toPrecision(3))} ${units[place]}`
}
