/** Who loads a program: with all capabilities, or with none of them. */
export type TestMode = 'full' | 'unprivileged'

/** What an annotation is about. */
export type AnnotationField =
  | 'loads'
  | 'refused'
  | 'messages'
  | 'expressions'
  | 'lacks'
  | 'xlated'
  | 'jited'
  | 'retval'
  | 'auxiliary'
  | 'capabilities'
  | 'logLevel'
  | 'flag'
  | 'description'
  | 'architecture'
  | 'btfPath'
  | 'loadMode'
  | 'linearBytes'
  | 'output'

/** One kind of tag: what follows `comment:`, whom it is about, and what it says. */
export interface AnnotationRow {
  readonly tag: string
  readonly mode: TestMode | 'both'
  readonly field: AnnotationField
  /** None; text; or text behind a number that keeps equal tags apart. */
  readonly value: 'none' | 'text' | 'numbered'
  /** How the macro is written. */
  readonly macro: string
}

type Row = readonly [
  tag: string,
  mode: AnnotationRow['mode'],
  field: AnnotationField,
  value: AnnotationRow['value'],
  macro: string,
]

/**
 * The annotations of 6.1 to 6.18.
 *
 * @see tools/testing/selftests/bpf/progs/bpf_misc.h
 */
// biome-ignore format: table
const ROWS: readonly Row[] = [
  ['test_expect_success',          'full',         'loads',        'none',     '__success'],
  ['test_expect_success_unpriv',   'unprivileged', 'loads',        'none',     '__success_unpriv'],
  ['test_expect_failure',          'full',         'refused',      'none',     '__failure'],
  ['test_expect_failure_unpriv',   'unprivileged', 'refused',      'none',     '__failure_unpriv'],
  ['test_expect_msg',              'full',         'messages',     'numbered', '__msg'],
  ['test_expect_msg_unpriv',       'unprivileged', 'messages',     'numbered', '__msg_unpriv'],
  ['test_expect_regex',            'full',         'expressions',  'numbered', '__regex'],
  ['test_expect_regex_unpriv',     'unprivileged', 'expressions',  'numbered', '__regex_unpriv'],
  ['test_expect_not_msg',          'full',         'lacks',        'numbered', '__not_msg'],
  ['test_expect_not_msg_unpriv',   'unprivileged', 'lacks',        'numbered', '__not_msg_unpriv'],
  ['test_expect_xlated',           'full',         'xlated',       'numbered', '__xlated'],
  ['test_expect_xlated_unpriv',    'unprivileged', 'xlated',       'numbered', '__xlated_unpriv'],
  ['test_jited',                   'full',         'jited',        'numbered', '__jited'],
  ['test_jited_unpriv',            'unprivileged', 'jited',        'numbered', '__jited_unpriv'],
  ['test_retval',                  'full',         'retval',       'text',     '__retval'],
  ['test_retval_unpriv',           'unprivileged', 'retval',       'text',     '__retval_unpriv'],
  ['test_auxiliary',               'full',         'auxiliary',    'none',     '__auxiliary'],
  ['test_auxiliary_unpriv',        'unprivileged', 'auxiliary',    'none',     '__auxiliary_unpriv'],
  ['test_caps_unpriv',             'unprivileged', 'capabilities', 'text',     '__caps_unpriv'],
  ['test_expect_stderr',           'full',         'output',       'numbered', '__stderr'],
  ['test_expect_stderr_unpriv',    'unprivileged', 'output',       'numbered', '__stderr_unpriv'],
  ['test_expect_stdout',           'full',         'output',       'numbered', '__stdout'],
  ['test_expect_stdout_unpriv',    'unprivileged', 'output',       'numbered', '__stdout_unpriv'],
  ['test_log_level',               'both',         'logLevel',     'text',     '__log_level'],
  ['test_prog_flags',              'both',         'flag',         'text',     '__flag'],
  ['test_description',             'both',         'description',  'text',     '__description'],
  ['test_arch',                    'both',         'architecture', 'text',     '__arch'],
  ['test_btf_path',                'both',         'btfPath',      'text',     '__btf_path'],
  ['load_mode',                    'both',         'loadMode',     'text',     '__load_if_JITed'],
  ['test_linear_size',             'both',         'linearBytes',  'text',     '__linear_size'],
]

/** By what follows `comment:`. */
export const ANNOTATIONS: ReadonlyMap<string, AnnotationRow> = new Map(
  ROWS.map(([tag, mode, field, value, macro]) => [tag, { tag, mode, field, value, macro }]),
)

/** A file that uses one of the macros holds tests. */
const MACROS = new RegExp(`\\b(?:${[...ANNOTATIONS.values()].map(({ macro }) => macro).join('|')})\\b`)

/** Whether a source file has annotations. */
export function isAnnotated(text: string): boolean {
  return MACROS.test(text)
}
