/* SPDX-License-Identifier: MIT */
/* Relocations that can all be made by core-kernel.bpf.c. */
#define WITHOUT_AMBIGUOUS
#include "core.bpf.c"
