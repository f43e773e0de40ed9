#ifndef _BPF_TESTMOD_H
#define _BPF_TESTMOD_H
struct bpf_testmod_own {
	struct shared in_it;
	kept_t count;
	struct large *behind;
	struct undeclared *unknown;
};
#endif
