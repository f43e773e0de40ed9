/** A unit that numbers of some size are best read in. */
export interface PlotUnit {
  readonly name: string
  /** What one of it is in the numbers' own unit. */
  readonly factor: number
}

const TIMES = ['ns', 'µs', 'ms', 's']
const RATES = ['pps', 'kpps', 'Mpps', 'Gpps']

/** For times, in nanoseconds. */
export function timeUnit(mostNs: number): PlotUnit {
  return unit(TIMES, mostNs)
}

/** For packets a second. */
export function rateUnit(most: number): PlotUnit {
  return unit(RATES, most)
}

function unit(names: readonly string[], most: number): PlotUnit {
  let [place, factor] = [0, 1]
  while (most / factor >= 1000 && place < names.length - 1) {
    place++
    factor *= 1000
  }
  return { name: names[place] as string, factor }
}

/** Tick labels without the noise of binary fractions. */
export function tickText(value: number): string {
  return Number(value.toPrecision(6)).toLocaleString('en-US')
}
