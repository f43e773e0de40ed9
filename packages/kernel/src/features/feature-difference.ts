import type { Availability, FeatureReport } from './feature-report.ts'

/** What one kernel has, or lacks, beside another. */
export interface FeatureChange {
  readonly programTypes: readonly string[]
  readonly mapTypes: readonly string[]
  /** Program type, and the helpers; those of a program type that the other kernel has not are all there. */
  readonly helpers: readonly { readonly programType: string; readonly names: readonly string[] }[]
  readonly options: readonly string[]
  readonly misc: readonly string[]
}

/** What kernel `to` has more, and less, than kernel `from`. */
export interface FeatureDifference {
  readonly from: string
  readonly to: string
  readonly more: FeatureChange
  readonly less: FeatureChange
}

/** What differs between two kernels. */
export function featureDifference(from: FeatureReport, to: FeatureReport): FeatureDifference {
  return { from: from.release, to: to.release, more: gained(from, to), less: gained(to, from) }
}

function gained(without: FeatureReport, having: FeatureReport): FeatureChange {
  const helpersOf = new Map(without.helpers.map(({ programType, helpers }) => [programType, helpers]))
  return {
    programTypes: newIn(without.programTypes, having.programTypes),
    mapTypes: newIn(without.mapTypes, having.mapTypes),
    helpers: having.helpers
      .map(({ programType, helpers }) => ({ programType, names: newIn(helpersOf.get(programType) ?? [], helpers) }))
      .filter(({ names }) => names.length > 0),
    options: newIn(switchedOn(without), switchedOn(having)),
    misc: newIn(without.misc, having.misc),
  }
}

function switchedOn({ options }: FeatureReport): readonly Availability[] {
  return options.map(({ name, value }) => ({ name, available: value !== undefined }))
}

function newIn(without: readonly Availability[], having: readonly Availability[]): readonly string[] {
  const known = new Set(without.filter(({ available }) => available).map(({ name }) => name))
  return having.filter(({ name, available }) => available && !known.has(name)).map(({ name }) => name)
}
