/** Attributes that clang's bpf target has, of those that headers ask for with `__has_attribute`. */
const ATTRIBUTES = [
  ...['aligned', 'always_inline', 'btf_decl_tag', 'btf_type_tag', 'cleanup', 'cold', 'const', 'deprecated'],
  ...['error', 'fallthrough', 'format', 'malloc', 'mode', 'naked', 'noinline', 'nonnull', 'noreturn', 'nothrow'],
  ...['packed', 'preserve_access_index', 'preserve_static_offset', 'pure', 'section', 'unused', 'used', 'visibility'],
  ...['warn_unused_result', 'warning', 'weak'],
]

/** Builtins of clang's bpf target, of those that headers ask for with `__has_builtin`. */
const BUILTINS = [
  ...['bswap16', 'bswap32', 'bswap64', 'choose_expr', 'constant_p', 'expect', 'memcmp', 'memcpy', 'memmove', 'memset'],
  ...['offsetof', 'preserve_access_index', 'preserve_enum_value', 'preserve_field_info', 'preserve_type_info'],
  ...['trap', 'types_compatible_p', 'unreachable', 'btf_type_id', 'add_overflow', 'mul_overflow', 'sub_overflow'],
].map((name) => `builtin_${name}`)

const ANSWERS: Readonly<Record<string, ReadonlySet<string>>> = {
  __has_attribute: new Set(ATTRIBUTES),
  __has_builtin: new Set(BUILTINS),
  __has_c_attribute: new Set(['deprecated', 'fallthrough', 'nodiscard', 'unused', 'noreturn']),
  __has_extension: new Set(['c_static_assert', 'statement_attributes_with_gnu_syntax']),
  __has_feature: new Set(),
  __has_declspec_attribute: new Set(),
  __has_warning: new Set(),
}

/** Names that clang answers within `#if`, as `__has_attribute(packed)`. */
export function isFeatureQuestion(name: string): boolean {
  return Object.hasOwn(ANSWERS, name)
}

/** Whether clang has it; names may have underscores around them. */
export function hasFeature(question: string, name: string): boolean {
  return ANSWERS[question]?.has(name.replace(/^__|__$/g, '')) ?? false
}
