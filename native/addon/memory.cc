// SPDX-License-Identifier: Apache-2.0
// How glibc's malloc keeps what was freed (mallopt(3)).
#include <malloc.h>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

#ifdef __GLIBC__
// glibc's own first values of the two thresholds. Said once, they stay: else each large block that is freed raises
// them, up to 32 and 64 MiB, and what is freed below them the process keeps.
constexpr int kThreshold = 128 * 1024;

// Answers whether all was taken.
Napi::Value KeepMallocSmall(const Napi::CallbackInfo& info) {
  bool taken = mallopt(M_ARENA_MAX, 1) == 1 && mallopt(M_MMAP_THRESHOLD, kThreshold) == 1 &&
               mallopt(M_TRIM_THRESHOLD, kThreshold) == 1;
  return Napi::Boolean::New(info.Env(), taken);
}

// Answers whether anything was given back (malloc_trim(3)).
Napi::Value TrimMalloc(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), malloc_trim(0) == 1);
}
#else
// Another C library has no such settings, and no arena per thread.
Napi::Value KeepMallocSmall(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), false);
}

Napi::Value TrimMalloc(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), false);
}
#endif

}  // namespace

void InitMemory(Napi::Object exports) {
  Export(exports, "keepMallocSmall", KeepMallocSmall);
  Export(exports, "trimMalloc", TrimMalloc);
}

}  // namespace axo
