export type { CollectionOptions } from './collection.ts'
export { Collection } from './collection.ts'
export type { ExternReference, MapContent, MapRelocation, MapSpec, ProgramSpec } from './collection-spec.ts'
export { CollectionSpec } from './collection-spec.ts'
export type { RelocatedObject } from './core/minimal-types.ts'
export { minimalKernelTypes } from './core/minimal-types.ts'
export type { KernelTypes } from './core/type-space.ts'
export { linkObjects } from './linking/link-objects.ts'
export type { ObjectToLink } from './linking/source-object.ts'
export type { CollectionSpecOptions } from './load-collection-spec.ts'
export { loadCollectionSpec } from './load-collection-spec.ts'
export type { LoaderErrorCode } from './loader-error.ts'
export { LoaderError } from './loader-error.ts'
export type { LoadedMap, LoadedProgram, LoaderKernel, MapRequest, ProgramRequest } from './loader-kernel.ts'
export type { CoreRelocationMode } from './program-linker.ts'
export type { ProgramSection } from './program-sections.ts'
export { programSection } from './program-sections.ts'
export type { GeneratedSkeleton, SkeletonTextOptions } from './skeleton/generate-skeleton.ts'
export { generateSkeleton } from './skeleton/generate-skeleton.ts'
export type {
  LoadedSkeleton,
  Skeleton,
  SkeletonBench,
  SkeletonDefinition,
  SkeletonOptions,
  SkeletonShape,
} from './skeleton/skeleton.ts'
export { defineSkeleton } from './skeleton/skeleton.ts'
export type { ReadableMap, TypedMap } from './skeleton/typed-map.ts'
export { specToJudge } from './spec-to-judge.ts'
export type { StructOpsMember } from './struct-ops.ts'
export { type TypeInformationOptions, typeInformation } from './type-information.ts'
export type { VariableSpec, VariableValue } from './variable.ts'
