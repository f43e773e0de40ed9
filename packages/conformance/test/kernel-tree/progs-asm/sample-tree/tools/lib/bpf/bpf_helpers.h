#include "bpf_helper_defs.h"
