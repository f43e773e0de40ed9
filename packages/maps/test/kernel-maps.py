#!/usr/bin/env python3
"""Does map operations on the running kernel: one JSON object a line in, one a line out. For the tests only.

in:  {"map": [type, key_size, value_size, max_entries, flags], "ops": [[name, key hex or null, value hex, flags], ...]}
     names: update, lookup, delete, next; a value "prog" is the fd of a small program
out: {"errno": of the creation, "results": [0 or -errno, or hex of what was found], "entries": max_entries, "flags": ...}
The first line out says {"cpus": possible CPUs}. Nothing is pinned or attached; needs root.
"""
import ctypes, json, os, re, struct, sys

libc = ctypes.CDLL(None, use_errno=True)
NR_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
CREATE, LOOKUP, UPDATE, DELETE, NEXT, LOAD, INFO = 0, 1, 2, 3, 4, 5, 15
PERCPU = {5, 6, 10}


def bpf(cmd, attr):
    raw = (ctypes.c_char * len(attr)).from_buffer(bytearray(attr))
    result = libc.syscall(NR_BPF, cmd, raw, len(attr))
    return result if result >= 0 else -ctypes.get_errno()


def load():
    insns = bytes.fromhex("b700000000000000" "9500000000000000")
    code, licence = ctypes.create_string_buffer(insns), ctypes.create_string_buffer(b"GPL")
    attr = struct.pack("<IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(licence))
    return bpf(LOAD, attr.ljust(120, b"\0"))


def run(case, cpus, prog):
    kind, key_size, value_size, entries, flags = case["map"]
    fd = bpf(CREATE, struct.pack("<5I", kind, key_size, value_size, entries, flags).ljust(72, b"\0"))
    if fd < 0:
        return {"errno": -fd}
    info = ctypes.create_string_buffer(80)
    bpf(INFO, struct.pack("<IIQ", fd, 80, ctypes.addressof(info)))
    got = struct.unpack_from("<6I", info.raw)
    size = (value_size + 7 & ~7) * cpus if kind in PERCPU else value_size
    nxt, out, results = ctypes.create_string_buffer(key_size), ctypes.create_string_buffer(size), []
    for name, key, value, mode in case["ops"]:
        raw_key = None if key is None else ctypes.create_string_buffer(bytes.fromhex(key), key_size)
        at = 0 if raw_key is None else ctypes.addressof(raw_key)
        if name == "update":
            raw = struct.pack("<i", prog) if value == "prog" else bytes.fromhex(value)
            given = ctypes.create_string_buffer(raw, size)
            results.append(bpf(UPDATE, struct.pack("<IIQQQ", fd, 0, at, ctypes.addressof(given), mode)))
        elif name == "delete":
            results.append(bpf(DELETE, struct.pack("<IIQQQ", fd, 0, at, 0, 0)))
        else:
            buffer = out if name == "lookup" else nxt
            command = LOOKUP if name == "lookup" else NEXT
            found = bpf(command, struct.pack("<IIQQQ", fd, 0, at, ctypes.addressof(buffer), 0))
            results.append(found if found < 0 else buffer.raw.hex())
    os.close(fd)
    return {"errno": 0, "results": results, "entries": got[4], "flags": got[5]}


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with open("/sys/devices/system/cpu/possible") as file:
        cpus = int(re.split("[,-]", file.read().strip())[-1]) + 1
    prog = load()
    if prog < 0:
        print(json.dumps({"refused": os.strerror(-prog)}))
        return
    print(json.dumps({"cpus": cpus}))
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line), cpus, prog)))


main()
