/* What the table in the kernel's lib/test_bpf.c needs besides the macros of the kernel's own headers, for a host compiler. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/types.h>
#include <linux/bpf.h>
#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <linux/if_ether.h>

/* The C library names both byte orders; the kernel defines the one it has, and the tables ask by #ifdef. */
#undef __BIG_ENDIAN

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define S16_MIN INT16_MIN
#define S16_MAX INT16_MAX
#define U16_MAX UINT16_MAX
#define S32_MIN INT32_MIN
#define S32_MAX INT32_MAX
#define U32_MAX UINT32_MAX
#define S64_MIN INT64_MIN
#define S64_MAX INT64_MAX
#define U64_MAX UINT64_MAX

#define __init
#define __initconst
#define __force
#define likely(condition) (condition)
#define unlikely(condition) (condition)
#define BUG_ON(condition) do { if (condition) abort(); } while (0)

#define BIT(n) (1UL << (n))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define kmalloc_array(count, bytes, flags) calloc(count, bytes)
#define kfree(pointer) free(pointer)

#define cpu_to_be16(x) __builtin_bswap16(x)
#define cpu_to_be32(x) __builtin_bswap32(x)
#define cpu_to_be64(x) __builtin_bswap64(x)
#define cpu_to_le16(x) (x)
#define cpu_to_le32(x) (x)
#define cpu_to_le64(x) (x)

static inline u64 div64_u64_rem(u64 dividend, u64 divisor, u64 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

static inline u64 div64_u64(u64 dividend, u64 divisor)
{
	return dividend / divisor;
}

/* Only what fills classic programs draws random numbers, and classic programs are not read. */
struct rnd_state { u32 unused; };
#define prandom_seed_state(state, seed) abort()
#define prandom_u32_state(state) (abort(), 0u)

/* include/linux/bpf.h */
#define MAX_TAIL_CALL_CNT 33
