import type { CollectionSpec } from '@bpfoundry/loader'

/**
 * A file of annotated programs, made into what an object file of it holds: by our own assembler from the source, as far
 * as its functions are assembly, or by clang. Both ways give the same.
 *
 * @see tools/testing/selftests/bpf/progs/bpf_misc.h for the annotations
 */
export interface AnnotatedObject {
  /** Relative to the tree. */
  readonly file: string
  /** Programs that can't be made this way are missing in it. */
  readonly spec: CollectionSpec
  /** Every function with SEC() that is a program, in the order of the file. */
  readonly functions: readonly AnnotatedFunction[]
}

export interface AnnotatedFunction {
  /** Key of the program in {@link AnnotatedObject.spec}. */
  readonly name: string
  /** Of its definition, from 1. */
  readonly line: number
  /** As SEC() says it. */
  readonly section: string
  /**
   * Its btf_decl_tag strings in the order of the source: `comment:test_expect_msg=3=R0 !read_ok`. Order counts, the
   * numbers that keep equal tags apart don't.
   */
  readonly tags: readonly string[]
  readonly how: FunctionMaking
}

/** How a function was made, or what would be needed to make it. */
export type FunctionMaking =
  | 'assembled'
  | 'compiled'
  | {
      /** `clang`: its body, or one that it calls, is C. `unread`: a construct that is not read; `detail` says where. */
      readonly needs: 'clang' | 'unread'
      /** For people: `body of 'helper' is C`, `progs/x.c:12:3: unknown mnemonic`. */
      readonly detail: string
    }
