// SPDX-License-Identifier: Apache-2.0
// Work on one object file with libbpf (1.1 and later), and the file's global variables.
#pragma once

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/mman.h>

#include <memory>

#include "task.h"

namespace axo {

// libbpf's own limit for a verifier log (UINT32_MAX >> 8). Pages that are never written cost nothing.
inline constexpr size_t kLogBytes = UINT32_MAX >> 8;

// libbpf reports through one process-wide callback, on the thread that called it: each task has its own text.
extern thread_local std::string* current_log;

struct ObjectCloser {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, ObjectCloser>;

// Room for a verifier log in a mapping of its own: only the pages that the kernel writes become resident, and they go
// back to the system at once. The heap would keep a recycled block of this size, and calloc would write all of it.
class LogBuffer {
 public:
  LogBuffer() = default;
  LogBuffer(const LogBuffer&) = delete;
  LogBuffer& operator=(const LogBuffer&) = delete;
  ~LogBuffer() { Unmap(); }

  // On failure there is no buffer, and libbpf makes one of its own.
  void Map() {
    void* memory = mmap(nullptr, kLogBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) text_ = static_cast<char*>(memory);
  }
  void Unmap() {
    if (text_ != nullptr) munmap(text_, kLogBytes);
    text_ = nullptr;
  }
  // Ends with a zero: libbpf and the kernel write less than the whole.
  char* text() const { return text_; }

 private:
  char* text_ = nullptr;
};

// Work on one object file, with libbpf's messages and the verifier's log as properties of the error.
class ObjectTask : public Task {
 protected:
  explicit ObjectTask(const Napi::CallbackInfo& info) : Task(info.Env()), path_(StringArg(info, 0)) {}

  virtual bool Work(bpf_object* object, Failure* failure) = 0;

  std::string path_;
  LogBuffer verifier_log_;

 private:
  void Run(Failure* failure) override {
    current_log = &messages_;
    verifier_log_.Map();
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.kernel_log_buf = verifier_log_.text();
    options.kernel_log_size = verifier_log_.text() == nullptr ? 0 : kLogBytes;
    Object object(bpf_object__open_file(path_.c_str(), &options));
    if (!object) {
      Failed(failure, "bpf_object__open_file");
    } else {
      Work(object.get(), failure);
    }
    object.reset();
    current_log = nullptr;
    if (!*failure) verifier_log_.Unmap();
  }

  void Describe(Napi::Error* error) override {
    error->Set("messages", Napi::String::New(error->Env(), messages_));
    error->Set("verifierLog",
               Napi::String::New(error->Env(), verifier_log_.text() == nullptr ? "" : verifier_log_.text()));
  }

  std::string messages_;
};

inline bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The map that libbpf makes for a data section; its name is a prefix of the object's name and the section's.
inline bpf_map* SectionMap(bpf_object* object, const std::string& section) {
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map) && EndsWith(bpf_map__name(map), section)) return map;
  }
  return nullptr;
}

struct Variable {
  std::string name;
  std::string section;
  uint32_t offset;
  uint32_t size;
};

inline std::vector<Variable> Variables(const bpf_object* object) {
  std::vector<Variable> variables;
  const btf* types = bpf_object__btf(object);
  for (const char* section : {".rodata", ".data", ".bss"}) {
    int id = types == nullptr ? -1 : btf__find_by_name_kind(types, section, BTF_KIND_DATASEC);
    if (id < 0) continue;
    const btf_type* type = btf__type_by_id(types, static_cast<uint32_t>(id));
    const btf_var_secinfo* info = btf_var_secinfos(type);
    for (int i = 0; i < btf_vlen(type); i++, info++) {
      const btf_type* variable = btf__type_by_id(types, info->type);
      variables.push_back({btf__name_by_offset(types, variable->name_off), section, info->offset, info->size});
    }
  }
  return variables;
}

}  // namespace axo
