/* SPDX-License-Identifier: MIT */
/* A strong definition in the place of a weak one of link-library.bpf.c. */
#include "bpf.h"

__noinline int replaced(int bytes)
{
	return bytes + 3000;
}

LICENSE("GPL");
