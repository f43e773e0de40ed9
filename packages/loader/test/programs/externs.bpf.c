/* SPDX-License-Identifier: MIT */
/* What a kernel was built with, where its symbols lie, and functions that it lacks. */
#include "bpf.h"

#define CONFIG __attribute__((section(".kconfig")))
#define SYMBOL __attribute__((section(".ksyms")))
#define WEAK __attribute__((weak))

enum libbpf_tristate { TRI_NO = 0, TRI_MODULE = 1, TRI_YES = 2 };

extern const unsigned int LINUX_KERNEL_VERSION CONFIG;
extern const int CONFIG_HZ CONFIG;
extern const _Bool CONFIG_IPV6 CONFIG;
extern const enum libbpf_tristate CONFIG_MODULE CONFIG;
extern const char CONFIG_LETTER CONFIG;
extern const char CONFIG_TEXT[8] CONFIG;
extern const int CONFIG_ABSENT CONFIG WEAK;
extern const int CONFIG_LACKING CONFIG;
extern const void jiffies_64 SYMBOL;
extern const void no_symbol SYMBOL WEAK;
extern void no_function(void) SYMBOL WEAK;
extern void gone(void) SYMBOL;

SEC("socket") int configured(void *ctx)
{
	return LINUX_KERNEL_VERSION + CONFIG_HZ + CONFIG_IPV6 + CONFIG_MODULE + CONFIG_LETTER + CONFIG_TEXT[0] +
	       CONFIG_ABSENT;
}

SEC("socket") int lacks_setting(void *ctx) { return CONFIG_LACKING; }
SEC("socket") long symbol(void *ctx) { return (long)&jiffies_64; }
SEC("socket") long weak_symbol(void *ctx) { return (long)&no_symbol; }
SEC("socket") int weak_function(void *ctx) { no_function(); return 0; }
SEC("socket") int lacks_function(void *ctx) { gone(); return 0; }

char _license[] SEC("license") = "GPL";
