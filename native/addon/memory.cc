// SPDX-License-Identifier: Apache-2.0
// How glibc's malloc keeps what was freed (mallopt(3)), and which pages of its executable a process has mapped.
#include <link.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/mman.h>

#include <algorithm>

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

struct Range {
  uintptr_t from;
  uintptr_t to;
};

// The executable's segments that are never writable: they contain only the file's bytes. Those that are
// writable while they are relocated (RELRO) are none of them.
int FindSegments(struct dl_phdr_info* object, size_t size, void* found) {
  (void)size;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    uintptr_t from = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) == 0)
      static_cast<std::vector<Range>*>(found)->push_back({from, from + segment.p_filesz});
  }
  return 1;  // the executable comes first, the libraries after it are of no interest
}

// Whether the kernel still maps a file there, by a line of /proc/self/maps (proc_pid_maps(5)): code that was moved to
// huge pages is anonymous memory, and would be lost.
bool IsFile(const char* line, Range* range) {
  char mode[5] = "";
  unsigned long from = 0, to = 0, inode = 0;
  if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, mode, &inode) != 4) return false;
  *range = {from, to};
  return inode != 0 && strchr(mode, 'w') == nullptr;
}

// Whole pages only: a segment's first and last may hold parts of its neighbours.
size_t Release(Range mapped, Range segment) {
  uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  uintptr_t from = (std::max(mapped.from, segment.from) + page - 1) & ~(page - 1);
  uintptr_t to = std::min(mapped.to, segment.to) & ~(page - 1);
  if (to <= from || madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED) != 0) return 0;
  return to - from;
}

// Answers the bytes of the segments, resident before or not. A page that is used again comes back from the page cache,
// by a minor fault.
Napi::Value ReleaseExecutable(const Napi::CallbackInfo& info) {
  std::vector<Range> segments;
  dl_iterate_phdr(FindSegments, &segments);
  size_t released = 0;
  FILE* maps = fopen("/proc/self/maps", "re");
  char line[1024];
  while (maps != nullptr && fgets(line, sizeof line, maps) != nullptr) {
    Range mapped;
    if (!IsFile(line, &mapped)) continue;
    for (const Range& segment : segments) released += Release(mapped, segment);
  }
  if (maps != nullptr) fclose(maps);
  return Napi::Number::New(info.Env(), static_cast<double>(released));
}

}  // namespace

void InitMemory(Napi::Object exports) {
  Export(exports, "keepMallocSmall", KeepMallocSmall);
  Export(exports, "trimMalloc", TrimMalloc);
  Export(exports, "releaseExecutable", ReleaseExecutable);
}

}  // namespace axo
