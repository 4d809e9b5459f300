// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Addresses: 16 bytes for both families, IPv4 as ::ffff:a.b.c.d (RFC 4291, 2.5.5.2). All functions take 8-byte aligned memory or
 * packet memory, which the kernels that we support let us load at any alignment.
 */
#pragma once

#include "compiler.h"

static __always_inline bool address_equal(const volatile void *a, const volatile void *b)
{
	const volatile any_u64 *x = a;
	const volatile any_u64 *y = b;

	return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

static __always_inline bool address_is_zero(const volatile void *a)
{
	const volatile any_u64 *x = a;

	return (x[0] | x[1]) == 0;
}

static __always_inline void address_copy(void *to, const volatile void *from)
{
	any_u64 *x = to;
	const volatile any_u64 *y = from;

	x[0] = y[0];
	x[1] = y[1];
}

static __always_inline void address_from_ipv4(void *to, __be32 ipv4)
{
	any_u64 *wide = to;
	any_u32 *word = to;

	wide[0] = 0;
	word[2] = bpf_htonl(0x0000ffff);
	word[3] = ipv4;
}

static __always_inline __be32 address_ipv4(const volatile void *a)
{
	return ((const volatile any_u32 *)a)[3];
}

static __always_inline bool address_is_mapped(const void *a)
{
	return ((const any_u64 *)a)[0] == 0 && ((const any_u32 *)a)[2] == bpf_htonl(0x0000ffff);
}

/* fe80::/10 */
static __always_inline bool address_is_link_local(const void *a)
{
	return (((const any_u16 *)a)[0] & bpf_htons(0xffc0)) == bpf_htons(0xfe80);
}

/* ff00::/8, 224.0.0.0/4, 255.255.255.255. The rest of 240.0.0.0/4 is unicast, as it is for the kernel. */
static __always_inline bool address_is_multicast(const void *a)
{
	if (address_is_mapped(a))
		return (address_ipv4(a) & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) || address_ipv4(a) == 0xffffffff;
	return ((const __u8 *)a)[0] == 0xff;
}

/* 127.0.0.0/8 (RFC 1122, 3.2.1.3), ::1 (RFC 4291, 2.5.3) */
static __always_inline bool address_is_loopback(const void *a)
{
	if (address_is_mapped(a))
		return ((const __u8 *)a)[12] == 127;
	return ((const any_u64 *)a)[0] == 0 && ((const any_u64 *)a)[1] == bpf_cpu_to_be64(1);
}

/* Valid inside a host only: loopback, and "this host" (0.0.0.0/8, ::). */
static __always_inline bool address_is_martian(const void *a)
{
	if (address_is_loopback(a))
		return true;
	return address_is_mapped(a) ? ((const __u8 *)a)[12] == 0 : address_is_zero(a);
}

/* 6 bytes each; the memory of a is 4-byte or packet memory, as above */
static __always_inline bool mac_equal(const volatile void *a, const volatile void *b)
{
	const volatile any_u16 *x = a;
	const volatile any_u16 *y = b;

	return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2])) == 0;
}

static __always_inline void mac_copy(void *to, const volatile void *from)
{
	any_u16 *x = to;
	const volatile any_u16 *y = from;

	x[0] = y[0];
	x[1] = y[1];
	x[2] = y[2];
}
