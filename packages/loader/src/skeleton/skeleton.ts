import { type TypedCodec, typedCodec, ValueShapes } from '@bpfoundry/btf'
import { Collection } from '../collection.ts'
import type { CollectionSpec } from '../collection-spec.ts'
import { type CollectionSpecOptions, loadCollectionSpec } from '../load-collection-spec.ts'
import { LoaderError } from '../loader-error.ts'
import type { LoadedProgram, LoaderKernel } from '../loader-kernel.ts'
import { fromBase64 } from './base64.ts'
import { type ElementShapes, elementShapes } from './element-shapes.ts'
import { initialVariables, liveVariables, type SkeletonVariable, skeletonVariables } from './skeleton-variables.ts'
import { type ReadableMap, TypedMap } from './typed-map.ts'

/** What `bpfoundry gen skeleton` knows of an object, as types: by name its programs' sections, its maps' elements ... */
export interface SkeletonShape {
  readonly programs: object
  /** `{ key, value }` of each map. */
  readonly maps: object
  readonly variables: object
  /** Variables that are constants once they are loaded. */
  readonly constants: object
  /** Types that values may be had of without a map: records of rings. */
  readonly types: object
}

/** An object in a module. */
export interface SkeletonDefinition<S extends SkeletonShape> {
  /** Its file's name. */
  readonly name: string
  /** The object file. */
  readonly object: Uint8Array
  /** Reads it into something to edit and load. @throws what {@link loadCollectionSpec} throws */
  open(options?: Omit<CollectionSpecOptions, 'name'>): Skeleton<S>
}

/** What generated modules call. @param types ids by name @param base64 gives the object */
export function defineSkeleton<S extends SkeletonShape>(
  name: string,
  types: Readonly<Record<string, number>>,
  base64: () => string,
): SkeletonDefinition<S> {
  let object: Uint8Array | undefined
  const bytes = (): Uint8Array => {
    object ??= fromBase64(base64())
    return object
  }
  return {
    name,
    get object() {
      return bytes()
    },
    open: (options) => new Skeleton<S>(loadCollectionSpec(bytes(), { ...options, name }), types),
  }
}

/** What is live of an object: a {@link Collection}'s, or a testbench's. */
interface LiveObjects<M extends ReadableMap, P> {
  readonly maps: ReadonlyMap<string, M>
  readonly programs: ReadonlyMap<string, P>
  close(): void
}

/** A testbench, as far as skeletons need one. */
export interface SkeletonBench<M extends ReadableMap, P> {
  load(
    spec: CollectionSpec,
    options?: SkeletonOptions,
  ): Promise<{
    readonly maps: Readonly<Record<string, { readonly kernelMap: M }>>
    readonly programs: Readonly<Record<string, P>>
    close(): void
  }>
}

/** Options of {@link Skeleton.load}. */
export interface SkeletonOptions {
  /** Names of the programs to load; all but `SEC("?...")` when absent. */
  readonly programs?: readonly string[]
}

/** An object before it is loaded: its spec, and its variables by their types. */
export class Skeleton<S extends SkeletonShape> {
  /** To resize maps, drop programs ... */
  readonly spec: CollectionSpec
  /** What variables start with, and what constants will be. */
  readonly variables: S['variables'] & S['constants']
  /** Turns values of types into bytes and back. */
  readonly types: { readonly [N in keyof S['types']]: TypedCodec<S['types'][N]> }
  readonly #shapes: ValueShapes | undefined
  readonly #variables: readonly SkeletonVariable[]

  constructor(spec: CollectionSpec, types: Readonly<Record<string, number>>) {
    this.spec = spec
    this.#shapes = spec.btf === undefined ? undefined : new ValueShapes(spec.btf)
    this.#variables = skeletonVariables(spec, this.#shapes)
    this.variables = initialVariables(spec, this.#variables) as Skeleton<S>['variables']
    const codecs = Object.entries(types).map(([name, typeId]) => [name, () => this.#codec(typeId)] as const)
    this.types = lazily(codecs) as Skeleton<S>['types']
  }

  /** Makes it live in a kernel. @throws what {@link Collection.create} throws */
  load<M extends ReadableMap, P extends LoadedProgram>(
    kernel: LoaderKernel<M, P>,
    options?: SkeletonOptions,
  ): LoadedSkeleton<S, M, P>
  /** Makes it live on a testbench. @throws what `Testbench.load` throws */
  load<M extends ReadableMap, P>(
    bench: SkeletonBench<M, P>,
    options?: SkeletonOptions,
  ): Promise<LoadedSkeleton<S, M, P>>
  load<M extends ReadableMap, P extends LoadedProgram>(
    target: LoaderKernel<M, P> | SkeletonBench<M, P>,
    options: SkeletonOptions = {},
  ): LoadedSkeleton<S, M, P> | Promise<LoadedSkeleton<S, M, P>> {
    if ('loadProgram' in target) return this.#loaded(Collection.create(this.spec, { kernel: target, ...options }))
    return target.load(this.spec, options).then((objects) => {
      const maps = Object.entries(objects.maps).map(([name, { kernelMap }]) => [name, kernelMap] as const)
      const programs = new Map(Object.entries(objects.programs))
      return this.#loaded({ maps: new Map(maps), programs, close: () => objects.close() })
    })
  }

  #codec(typeId: number): TypedCodec<unknown> {
    return typedCodec(this.#shapes?.of(typeId) ?? { kind: 'bytes', sizeBytes: 0 })
  }

  #loaded<M extends ReadableMap, P>(objects: LiveObjects<M, P>): LoadedSkeleton<S, M, P> {
    const elements = [...this.spec.maps].map(([name, map]) => [name, elementShapes(this.#shapes, map)] as const)
    return new LoadedSkeleton<S, M, P>(this.spec, objects, new Map(elements), this.#variables)
  }
}

type TypedMaps<Maps, M extends ReadableMap> = {
  readonly [N in keyof Maps]: Maps[N] extends { readonly key: infer K; readonly value: infer V }
    ? TypedMap<K, V, M>
    : never
}

/** A live object. Closing it closes its maps and programs, also at the end of a `using` block. */
export class LoadedSkeleton<S extends SkeletonShape, M extends ReadableMap, P> {
  readonly maps: TypedMaps<S['maps'], M>
  readonly programs: { readonly [N in keyof S['programs']]: P }
  /**
   * Live values. Setting one writes all of its section: what a program changes in there meanwhile is lost.
   */
  readonly variables: S['variables'] & Readonly<S['constants']>
  readonly #objects: LiveObjects<M, P>

  constructor(
    spec: CollectionSpec,
    objects: LiveObjects<M, P>,
    elements: ReadonlyMap<string, ElementShapes>,
    variables: readonly SkeletonVariable[],
  ) {
    this.#objects = objects
    const maps = [...objects.maps].map(([name, map]) => {
      const shapes = elements.get(name) as ElementShapes
      return [name, () => new TypedMap(map, shapes)] as const
    })
    this.maps = lazily(maps) as LoadedSkeleton<S, M, P>['maps']
    const programs = [...spec.programs.values()]
      .filter(({ name, autoload }) => autoload || objects.programs.has(name))
      .map(({ name }) => [name, () => objects.programs.get(name) ?? notLoaded(name)] as const)
    this.programs = lazily(programs) as LoadedSkeleton<S, M, P>['programs']
    this.variables = liveVariables(variables, (key) => objects.maps.get(key)) as LoadedSkeleton<S, M, P>['variables']
  }

  /** Does nothing the second time. */
  close(): void {
    this.#objects.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function notLoaded(name: string): never {
  const message = `program '${name}' was not among those to load`
  throw new LoaderError({ code: 'LOADER_PROGRAM_UNKNOWN', message, got: name })
}

/** An object of what is made when it is first asked for, by names of any kind. */
function lazily(makers: readonly (readonly [name: string, make: () => unknown])[]): object {
  const object: object = Object.create(null)
  for (const [name, make] of makers) {
    let made: unknown
    const get = (): unknown => {
      made ??= make()
      return made
    }
    Object.defineProperty(object, name, { enumerable: true, get })
  }
  return Object.freeze(object)
}
