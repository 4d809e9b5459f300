// SPDX-License-Identifier: Apache-2.0
// bpf(2) on maps. The TypeScript side knows the map's key and value sizes and hands in buffers of exactly these.
#include "bpf_syscall.h"
#include "modules.h"

namespace axo {
namespace {

// (type, key size, value size, max entries, flags, name)
Napi::Value Create(const Napi::CallbackInfo& info) {
  std::string name = StringArg(info, 5);
  Attributes a;
  a.attr.map_type = static_cast<uint32_t>(NumberArg(info, 0, 0));
  a.attr.key_size = static_cast<uint32_t>(NumberArg(info, 1, 0));
  a.attr.value_size = static_cast<uint32_t>(NumberArg(info, 2, 0));
  a.attr.max_entries = static_cast<uint32_t>(NumberArg(info, 3, 0));
  a.attr.map_flags = static_cast<uint32_t>(NumberArg(info, 4, 0));
  strncpy(a.attr.map_name, name.c_str(), BPF_OBJ_NAME_LEN - 1);
  long fd = a.Call(BPF_MAP_CREATE);
  if (fd < 0) return Throw(info.Env(), "bpf(BPF_MAP_CREATE)", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

Attributes Element(const Napi::CallbackInfo& info) {
  Attributes a;
  a.attr.map_fd = static_cast<uint32_t>(FdArg(info, 0));
  a.attr.key = Pointer(BytesArg(info, 1).data);
  a.attr.value = Pointer(BytesArg(info, 2).data);  // a union with next_key
  a.attr.flags = static_cast<uint64_t>(NumberArg(info, 3, 0));
  return a;
}

// True when it worked, false for ENOENT, an error for the rest.
Napi::Value Found(const Napi::CallbackInfo& info, Attributes* a, int command, const char* name) {
  if (a->Call(command) == 0) return Napi::Boolean::New(info.Env(), true);
  if (errno == ENOENT) return Napi::Boolean::New(info.Env(), false);
  return Throw(info.Env(), name, errno);
}

Napi::Value Lookup(const Napi::CallbackInfo& info) {
  Attributes a = Element(info);
  return Found(info, &a, BPF_MAP_LOOKUP_ELEM, "bpf(BPF_MAP_LOOKUP_ELEM)");
}

Napi::Value Update(const Napi::CallbackInfo& info) {
  Attributes a = Element(info);
  if (a.Call(BPF_MAP_UPDATE_ELEM) < 0) return Throw(info.Env(), "bpf(BPF_MAP_UPDATE_ELEM)", errno);
  return info.Env().Undefined();
}

Napi::Value Delete(const Napi::CallbackInfo& info) {
  Attributes a = Element(info);
  return Found(info, &a, BPF_MAP_DELETE_ELEM, "bpf(BPF_MAP_DELETE_ELEM)");
}

Napi::Value NextKey(const Napi::CallbackInfo& info) {
  Attributes a = Element(info);
  return Found(info, &a, BPF_MAP_GET_NEXT_KEY, "bpf(BPF_MAP_GET_NEXT_KEY)");
}

// (map, cursor in or undefined, cursor out, keys, values, count) fills keys and values; returns the number of entries,
// as -1 - number when they are the last ones (the kernel says ENOENT at the end of the map).
Napi::Value LookupBatch(const Napi::CallbackInfo& info) {
  Attributes a;
  auto& batch = a.attr.batch;
  batch.map_fd = static_cast<uint32_t>(FdArg(info, 0));
  batch.in_batch = Pointer(BytesArg(info, 1).data);
  batch.out_batch = Pointer(BytesArg(info, 2).data);
  batch.keys = Pointer(BytesArg(info, 3).data);
  batch.values = Pointer(BytesArg(info, 4).data);
  batch.count = static_cast<uint32_t>(NumberArg(info, 5, 0));
  int64_t answer;
  if (a.Call(BPF_MAP_LOOKUP_BATCH) == 0) {
    answer = batch.count;
  } else if (errno == ENOENT) {
    answer = -1 - static_cast<int64_t>(batch.count);
  } else {
    return Throw(info.Env(), "bpf(BPF_MAP_LOOKUP_BATCH)", errno);
  }
  return Napi::Number::New(info.Env(), static_cast<double>(answer));
}

}  // namespace

void InitBpfMaps(Napi::Object exports) {
  Export(exports, "bpfMapCreate", Create);
  Export(exports, "bpfMapLookup", Lookup);
  Export(exports, "bpfMapUpdate", Update);
  Export(exports, "bpfMapDelete", Delete);
  Export(exports, "bpfMapNextKey", NextKey);
  Export(exports, "bpfMapLookupBatch", LookupBatch);
}

}  // namespace axo
