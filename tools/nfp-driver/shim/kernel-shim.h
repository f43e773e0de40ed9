/*
 * What the nfp driver's translator takes from the rest of a kernel, for user space: only what its files name, with
 * meanings as documented in Documentation/core-api. Written for this test tool; every <linux/...> header of the build
 * includes this one.
 */
#ifndef NFP_KERNEL_SHIM_H
#define NFP_KERNEL_SHIM_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Types */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef uint8_t __u8;
typedef uint16_t __u16;
typedef uint32_t __u32;
typedef int8_t __s8;
typedef int16_t __s16;
typedef int32_t __s32;
typedef u64 __u64;
typedef s64 __s64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __sum16;
typedef __u32 __wsum;
#define __aligned_u64 __u64 __attribute__((aligned(8)))

#define U8_MAX ((u8)~0U)
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)

/* Annotations */
#define __force
#define __bitwise
#define __user
#define __percpu
#define __rcu
#define __iomem
#define fallthrough __attribute__((__fallthrough__))
#define EXPORT_SYMBOL(name)
#define BUILD_BUG_ON(condition) ((void)sizeof(char[1 - 2 * !!(condition)]))

/* Bits and fields: a mask names its field's place */
#define BIT(n) (1UL << (n))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))
#define GENMASK(high, low) ((unsigned long)GENMASK_ULL(high, low))
#define __bf_shf(mask) (__builtin_ctzll(mask))
#define FIELD_PREP(mask, value) ((__typeof__(mask))((((__typeof__(mask))(value)) << __bf_shf(mask)) & (mask)))
#define FIELD_GET(mask, word) ((__typeof__(mask))(((word) & (mask)) >> __bf_shf(mask)))
#define FIELD_FIT(mask, value) (!((((__typeof__(mask))(value)) << __bf_shf(mask)) & ~(mask)))
#define hweight64(value) ((unsigned int)__builtin_popcountll(value))

static inline int fls(unsigned int value)
{
	return value ? 32 - __builtin_clz(value) : 0;
}

/* Arithmetic */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define min(a, b) ({ __auto_type first_ = (a); __auto_type second_ = (b); first_ < second_ ? first_ : second_; })
#define max(a, b) ({ __auto_type first_ = (a); __auto_type second_ = (b); first_ > second_ ? first_ : second_; })
#define round_down(value, step) ((value) & ~((__typeof__(value))((step) - 1)))
#define round_up(value, step) ((((value) - 1) | ((__typeof__(value))((step) - 1))) + 1)
#define IS_ALIGNED(value, step) (((value) & ((__typeof__(value))(step) - 1)) == 0)
#define DIV_ROUND_UP(value, step) (((value) + (step) - 1) / (step))
#define do_div(value, divisor) ({ u32 rest_ = (value) % (divisor); (value) /= (divisor); rest_; })
#define sizeof_field(type, member) (sizeof(((type *)0)->member))
#define cpu_to_le64(value) (value)

/* Messages: kept, to be printed with the answer */
void shim_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define pr_err(...) shim_log(__VA_ARGS__)
#define pr_warn(...) shim_log(__VA_ARGS__)
#define dev_warn_once(device, ...) ((void)(device))
#define WARN_ON(condition) ({ bool met_ = !!(condition); if (met_) shim_log("WARNING: %s", #condition); met_; })
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define WARN(condition, ...) ({ bool met_ = !!(condition); if (met_) shim_log(__VA_ARGS__); met_; })
#define WARN_ONCE(condition, ...) WARN(condition, __VA_ARGS__)

/* Memory */
#define GFP_KERNEL 0
#define kzalloc(size, flags) calloc(1, size)
#define kcalloc(count, size, flags) calloc(count, size)
#define kvmalloc(size, flags) malloc(size)
#define kvmalloc_array(count, size, flags) malloc((size_t)(count) * (size))
#define kfree free
#define kvfree free
#define ERR_PTR(error) ((void *)(intptr_t)(error))
#define IS_ERR(pointer) ((uintptr_t)(pointer) >= (uintptr_t)-4095)
#define PTR_ERR(pointer) ((long)(intptr_t)(pointer))

static inline void *kmemdup_array(const void *from, size_t count, size_t size, int flags)
{
	void *copy = malloc(count * size);

	(void)flags;
	if (copy)
		memcpy(copy, from, count * size);
	return copy;
}

/* Rings of list heads */
struct list_head {
	struct list_head *next, *prev;
};

#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))
#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_next_entry(place, member) list_entry((place)->member.next, __typeof__(*(place)), member)
#define list_prev_entry(place, member) list_entry((place)->member.prev, __typeof__(*(place)), member)
#define list_is_last(entry, head) ((entry)->next == (head))
#define list_for_each_entry(place, head, member)                                                                      \
	for (place = list_first_entry(head, __typeof__(*place), member); &place->member != (head);                    \
	     place = list_next_entry(place, member))

static inline void list_init(struct list_head *head)
{
	head->next = head->prev = head;
}

static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	entry->prev = head->prev;
	entry->next = head;
	head->prev->next = entry;
	head->prev = entry;
}

/* Things that headers name and nothing here uses */
typedef struct { int unused; } spinlock_t;
struct rhash_head { int unused; };
struct rhashtable { int unused; };
struct rhashtable_params { int unused; };
struct nfp_ccm { int unused; };
struct nfp_ccm_hdr { int unused; };
struct sk_buff;
struct bpf_offload_dev;
struct netlink_ext_ack;
struct device { int unused; };
struct pci_dev { struct device dev; };
struct nfp_pf { struct pci_dev *pdev; };
struct nfp_app { struct nfp_pf *pf; };
struct nfp_net { unsigned int stack_chunks; };
struct net_device { struct nfp_net *net; };

/* The two registers of a card's BAR that are asked for go by one number */
#define netdev_priv(device) ((device)->net)
#define nn_readb(net, offset) ((u8)(net)->stack_chunks)

/* <uapi/linux/if_ether.h>, <uapi/linux/pkt_cls.h> */
#define ETH_HLEN 14
#define ETH_ZLEN 60
enum { TC_ACT_SHOT = 2, TC_ACT_STOLEN = 4, TC_ACT_QUEUED = 5, TC_ACT_REDIRECT = 7 };

#endif
