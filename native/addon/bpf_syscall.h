// SPDX-License-Identifier: Apache-2.0
// bpf(2) with a zeroed attribute, and the numbers that the headers of older distributions lack.
#pragma once

#include <linux/bpf.h>
#include <sys/syscall.h>

#include "common.h"

namespace axo {

// A zeroed union bpf_attr. The kernel refuses unknown bytes that are not zero, so padding matters: memset, not {}.
struct Attributes {
  Attributes() { memset(&attr, 0, sizeof attr); }
  union bpf_attr attr;

  long Call(int command) { return syscall(__NR_bpf, command, &attr, sizeof attr); }
};

inline uint64_t Pointer(const void* pointer) {
  return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(pointer));
}

}  // namespace axo
