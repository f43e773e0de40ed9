const SIZES = `
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __WCHAR_TYPE__ wchar_t;
`

const STDDEF = `${SIZES}
#undef NULL
#define NULL ((void *)0)
#undef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
`

const STDARG = `
typedef __builtin_va_list va_list;
typedef __builtin_va_list __gnuc_va_list;
#define va_start(list, last) __builtin_va_start(list, last)
#define va_end(list) __builtin_va_end(list)
#define va_arg(list, type) __builtin_va_arg(list, type)
#define va_copy(to, from) __builtin_va_copy(to, from)
`

const STDBOOL = `
#define bool _Bool
#define true 1
#define false 0
`

const STDINT = ['8', '16', '32', '64', 'PTR', 'MAX']
  .flatMap((width) => {
    const name = width.toLowerCase()
    const wide = width === 'MAX' ? '64' : width
    return [
      `typedef __INT${width}_TYPE__ int${name}_t;`,
      `typedef __UINT${width}_TYPE__ uint${name}_t;`,
      `#define INT${width}_MAX __INT${wide}_MAX__`,
      `#define INT${width}_MIN (-__INT${wide}_MAX__ - 1)`,
      `#define UINT${width}_MAX __UINT${wide}_MAX__`,
    ]
  })
  .join('\n')

const LIMITS = `
#define CHAR_BIT __CHAR_BIT__
#define SCHAR_MAX __SCHAR_MAX__
#define SCHAR_MIN (-__SCHAR_MAX__ - 1)
#define UCHAR_MAX (__SCHAR_MAX__ * 2 + 1)
#define CHAR_MAX __SCHAR_MAX__
#define CHAR_MIN SCHAR_MIN
#define SHRT_MAX __SHRT_MAX__
#define SHRT_MIN (-__SHRT_MAX__ - 1)
#define USHRT_MAX (__SHRT_MAX__ * 2 + 1)
#define INT_MAX __INT_MAX__
#define INT_MIN (-__INT_MAX__ - 1)
#define UINT_MAX (__INT_MAX__ * 2U + 1U)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-__LONG_MAX__ - 1L)
#define ULONG_MAX (__LONG_MAX__ * 2UL + 1UL)
#define LLONG_MAX __LONG_LONG_MAX__
#define LLONG_MIN (-__LONG_LONG_MAX__ - 1LL)
#define ULLONG_MAX (__LONG_LONG_MAX__ * 2ULL + 1ULL)
`

/** Headers that a compiler brings along (C11 4, paragraph 6), for who has none of them among the include paths. */
const HEADERS: Readonly<Record<string, string>> = {
  'stddef.h': STDDEF,
  'stdarg.h': STDARG,
  'stdbool.h': STDBOOL,
  'stdint.h': STDINT,
  'limits.h': LIMITS,
}

/** The text of such a header; undefined for any other name. */
export function freestandingHeader(name: string): string | undefined {
  const text = Object.hasOwn(HEADERS, name) ? HEADERS[name] : undefined
  return text === undefined ? undefined : `#pragma once\n${text}`
}
