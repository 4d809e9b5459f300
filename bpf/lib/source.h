// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * Numbers for the files that can decide a packet's fate, so that a drop names its file and line (struct metrics_key, struct
 * packet_event). Each such file sets THIS_FILE after its includes. Never renumber.
 */
#pragma once

#include "compiler.h"

enum source_file {
	SOURCE_UNKNOWN = 0,
	SOURCE_FROM_CONTAINER = 1,
	SOURCE_TO_CONTAINER = 2,
	SOURCE_FROM_HOST = 3,
	SOURCE_TO_HOST = 4,
	SOURCE_FROM_NETDEV = 5,
	SOURCE_TO_NETDEV = 6,
	SOURCE_PARSE = 32,
	SOURCE_ARP = 33,
	SOURCE_NEIGHBOUR = 34,
	SOURCE_DELIVER = 35,
	SOURCE_ROUTE = 36,
	SOURCE_ICMP = 37,
	SOURCE_EVENTS = 38,
	SOURCE_EXTENSIONS = 39,
	SOURCE_ND_GUARD = 40,
	SOURCE_VERDICT = 41,
};

ANCHOR(enum source_file, source_file);
