#include <linux/tracepoint.h>
DECLARE_TRACE(bpf_testmod_bare, TP_PROTO(struct bpf_testmod_own *own__nullable, int number), TP_ARGS(own__nullable, number));
