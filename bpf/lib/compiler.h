// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* Small words of the compiler that every other header uses. Kernel types come from the uapi headers, helpers from libbpf. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* On a field of a shared struct: lets the compiler use wide loads on byte arrays. */
#define ALIGNED(n) __attribute__((aligned(n)))

/* Wide views of byte arrays, outside type-based alias analysis. */
typedef __u64 __attribute__((may_alias)) any_u64;
typedef __u32 __attribute__((may_alias)) any_u32;
typedef __u16 __attribute__((may_alias)) any_u16;

/*
 * Forgets what the compiler knows of a variable, so that the test written behind it is made on that very register. Newer clangs compare
 * the value from which it was derived instead, and the verifier then knows nothing of the one that is used.
 */
#define OPAQUE(variable) asm volatile("" : "+r"(variable))

/*
 * A step that the verifier walks once for a program, however many ways lead to it: a global function. Linux 5.10 lets it take the context and
 * numbers only; it finds the packet's state by packet_of(). Its caller reads packet pointers again (verifiers before 6.13 do not insist).
 */
#define STEP __noinline

/* A variable that keeps a type in the BTF of every object although no map holds it: the layout generator reads it there. */
#define ANCHOR(type, name) const type *const volatile anchor_##name = 0
