// SPDX-License-Identifier: Apache-2.0
// Loading object files with libbpf (1.1 and later): look into one, or load it and keep nothing but descriptors.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "modules.h"
#include "task.h"

namespace axo {
namespace {

// libbpf's own limit for a verifier log (UINT32_MAX >> 8). Pages that are never written cost nothing.
constexpr size_t kLogBytes = UINT32_MAX >> 8;

// libbpf reports through one process-wide callback, on the thread that called it.
thread_local std::string* current_log = nullptr;

__attribute__((format(printf, 2, 0))) int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || current_log == nullptr) return 0;
  char line[4096];
  vsnprintf(line, sizeof line, format, arguments);
  current_log->append(line);
  return 0;
}

struct ObjectCloser {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using Object = std::unique_ptr<bpf_object, ObjectCloser>;

// Work on one object file, with libbpf's messages and the verifier's log as properties of the error.
class ObjectTask : public Task {
 protected:
  explicit ObjectTask(const Napi::CallbackInfo& info) : Task(info.Env()), path_(StringArg(info, 0)) {}

  virtual bool Work(bpf_object* object, Failure* failure) = 0;

  std::string path_;
  std::unique_ptr<char, decltype(&free)> verifier_log_{nullptr, free};

 private:
  void Run(Failure* failure) override {
    current_log = &messages_;
    verifier_log_.reset(static_cast<char*>(calloc(1, kLogBytes)));
    LIBBPF_OPTS(bpf_object_open_opts, options);
    options.kernel_log_buf = verifier_log_.get();
    options.kernel_log_size = verifier_log_ ? kLogBytes : 0;
    Object object(bpf_object__open_file(path_.c_str(), &options));
    if (!object) {
      Failed(failure, "bpf_object__open_file");
    } else {
      Work(object.get(), failure);
    }
    object.reset();
    current_log = nullptr;
  }

  void Describe(Napi::Error* error) override {
    error->Set("messages", Napi::String::New(error->Env(), messages_));
    error->Set("verifierLog", Napi::String::New(error->Env(), verifier_log_ ? verifier_log_.get() : ""));
  }

  std::string messages_;
};

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// The map that libbpf makes for a data section; its name is a prefix of the object's name and the section's.
bpf_map* SectionMap(bpf_object* object, const std::string& section) {
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

std::vector<Variable> Variables(const bpf_object* object) {
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

struct MapShape {
  std::string name;
  uint32_t type, key_size, value_size, max_entries, flags;
  bool internal;
};

// Answers { maps, programs, variables } of the file, loading nothing.
class Inspect : public ObjectTask {
 public:
  explicit Inspect(const Napi::CallbackInfo& info) : ObjectTask(info) {}

 private:
  bool Work(bpf_object* object, Failure* failure) override {
    (void)failure;
    bpf_map* map;
    bpf_object__for_each_map(map, object) {
      maps_.push_back({bpf_map__name(map), static_cast<uint32_t>(bpf_map__type(map)), bpf_map__key_size(map),
                       bpf_map__value_size(map), bpf_map__max_entries(map), bpf_map__map_flags(map),
                       bpf_map__is_internal(map)});
    }
    bpf_program* program;
    bpf_object__for_each_program(program, object) {
      programs_.push_back({bpf_program__name(program), bpf_program__section_name(program)});
    }
    variables_ = Variables(object);
    return true;
  }

  Napi::Value Answer(Napi::Env env) override {
    Napi::Array maps = Napi::Array::New(env);
    for (const MapShape& map : maps_) {
      Napi::Object shape = Napi::Object::New(env);
      shape.Set("name", map.name);
      shape.Set("type", map.type);
      shape.Set("keySize", map.key_size);
      shape.Set("valueSize", map.value_size);
      shape.Set("maxEntries", map.max_entries);
      shape.Set("flags", map.flags);
      shape.Set("internal", map.internal);
      maps.Set(maps.Length(), shape);
    }
    Napi::Array programs = Napi::Array::New(env);
    for (const auto& [name, section] : programs_) {
      Napi::Object program = Napi::Object::New(env);
      program.Set("name", name);
      program.Set("section", section);
      programs.Set(programs.Length(), program);
    }
    Napi::Array variables = Napi::Array::New(env);
    for (const Variable& variable : variables_) {
      Napi::Object shape = Napi::Object::New(env);
      shape.Set("name", variable.name);
      shape.Set("section", variable.section);
      shape.Set("size", variable.size);
      variables.Set(variables.Length(), shape);
    }
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("maps", maps);
    answer.Set("programs", programs);
    answer.Set("variables", variables);
    return answer;
  }

  std::vector<MapShape> maps_;
  std::vector<std::pair<std::string, std::string>> programs_;
  std::vector<Variable> variables_;
};

// (path, variables {name: bytes}, reuse {map: fd}, max entries {map: number}, programs [name] or undefined for all)
class Load : public ObjectTask {
 public:
  explicit Load(const Napi::CallbackInfo& info) : ObjectTask(info) {
    ForEach(info[1], [this](std::string name, Napi::Value value) {
      Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
      values_.emplace_back(name, std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ByteLength()));
    });
    ForEach(info[2], [this](std::string name, Napi::Value value) {
      reuse_.emplace_back(name, OwnedFd::Duplicate(value.As<Napi::Number>().Int32Value()));
    });
    ForEach(info[3], [this](std::string name, Napi::Value value) {
      max_entries_.emplace_back(name, value.As<Napi::Number>().Uint32Value());
    });
    if (!info[4].IsArray()) return;
    chosen_ = true;
    Napi::Array names = info[4].As<Napi::Array>();
    for (uint32_t i = 0; i < names.Length(); i++) programs_wanted_.push_back(names.Get(i).ToString());
  }

 private:
  using Named = std::vector<std::pair<std::string, OwnedFd>>;

  template <typename Visit>
  static void ForEach(Napi::Value value, Visit visit) {
    if (!value.IsObject()) return;
    Napi::Object object = value.As<Napi::Object>();
    Napi::Array names = object.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); i++) visit(names.Get(i).ToString(), object.Get(names.Get(i)));
  }

  bool Work(bpf_object* object, Failure* failure) override {
    if (!SetVariables(object, failure) || !PrepareMaps(object, failure)) return false;
    ChoosePrograms(object);
    if (bpf_object__load(object) != 0) return Failed(failure, "bpf_object__load");
    bpf_map* map;
    bpf_object__for_each_map(map, object) {
      if (bpf_map__is_internal(map) || !bpf_map__autocreate(map)) continue;
      if (!Keep(bpf_map__name(map), bpf_map__fd(map), &maps_, failure)) return false;
    }
    bpf_program* program;
    bpf_object__for_each_program(program, object) {
      if (!bpf_program__autoload(program)) continue;
      if (!Keep(bpf_program__name(program), bpf_program__fd(program), &programs_, failure)) return false;
    }
    return true;
  }

  static bool Keep(const char* name, int fd, Named* list, Failure* failure) {
    OwnedFd copy = OwnedFd::Duplicate(fd);
    if (copy.get() < 0) return Failed(failure, "fcntl");
    list->emplace_back(name, std::move(copy));
    return true;
  }

  bool SetVariables(bpf_object* object, Failure* failure) {
    std::vector<Variable> variables = Variables(object);
    for (const auto& [name, bytes] : values_) {
      const Variable* found = nullptr;
      for (const Variable& variable : variables) {
        if (variable.name == name) found = &variable;
      }
      bpf_map* map = found == nullptr ? nullptr : SectionMap(object, found->section);
      size_t size = 0;
      const auto* start = map == nullptr ? nullptr : static_cast<const uint8_t*>(bpf_map__initial_value(map, &size));
      if (start == nullptr || bytes.size() != found->size || found->offset + bytes.size() > size) {
        failure->Set("set variable", EINVAL);
        return false;
      }
      std::vector<uint8_t> section(start, start + size);
      std::copy(bytes.begin(), bytes.end(), section.begin() + found->offset);
      if (bpf_map__set_initial_value(map, section.data(), size) != 0) {
        return Failed(failure, "bpf_map__set_initial_value");
      }
    }
    return true;
  }

  bool PrepareMaps(bpf_object* object, Failure* failure) {
    for (const auto& [name, fd] : reuse_) {
      bpf_map* map = bpf_object__find_map_by_name(object, name.c_str());
      if (map == nullptr || bpf_map__reuse_fd(map, fd.get()) != 0) return Failed(failure, "bpf_map__reuse_fd");
    }
    for (const auto& [name, count] : max_entries_) {
      bpf_map* map = bpf_object__find_map_by_name(object, name.c_str());
      if (map == nullptr || bpf_map__set_max_entries(map, count) != 0) {
        return Failed(failure, "bpf_map__set_max_entries");
      }
    }
    // Pinning is the caller's: LIBBPF_PIN_BY_NAME in a source must not reach for the machine's own bpffs.
    bpf_map* map;
    bpf_object__for_each_map(map, object) bpf_map__set_pin_path(map, nullptr);
    return true;
  }

  void ChoosePrograms(bpf_object* object) {
    if (!chosen_) return;
    bpf_program* program;
    bpf_object__for_each_program(program, object) {
      bool wanted = false;
      for (const std::string& name : programs_wanted_) wanted = wanted || name == bpf_program__name(program);
      bpf_program__set_autoload(program, wanted);
    }
  }

  static Napi::Object Descriptors(Napi::Env env, Named* list) {
    Napi::Object object = Napi::Object::New(env);
    for (auto& [name, fd] : *list) object.Set(name, Napi::Number::New(env, fd.Release()));
    return object;
  }

  Napi::Value Answer(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("maps", Descriptors(env, &maps_));
    answer.Set("programs", Descriptors(env, &programs_));
    return answer;
  }

  std::vector<std::pair<std::string, std::vector<uint8_t>>> values_;
  Named reuse_;
  std::vector<std::pair<std::string, uint32_t>> max_entries_;
  bool chosen_ = false;
  std::vector<std::string> programs_wanted_;
  Named maps_, programs_;
};

Napi::Value ObjectInspect(const Napi::CallbackInfo& info) {
  return Task::Start(new Inspect(info));
}

Napi::Value ObjectLoad(const Napi::CallbackInfo& info) {
  return Task::Start(new Load(info));
}

}  // namespace

void InitLoader(Napi::Object exports) {
  libbpf_set_print(Print);
  Export(exports, "objectInspect", ObjectInspect);
  Export(exports, "objectLoad", ObjectLoad);
  exports.Set("libbpfVersion", Napi::String::New(exports.Env(), libbpf_version_string()));
}

}  // namespace axo
