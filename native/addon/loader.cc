// SPDX-License-Identifier: Apache-2.0
// Loading an object file with libbpf and keeping nothing but descriptors.
#include <stdarg.h>
#include <stdio.h>

#include <algorithm>
#include <utility>

#include "modules.h"
#include "object_task.h"

namespace axo {

thread_local std::string* current_log = nullptr;

namespace {

__attribute__((format(printf, 2, 0))) int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level != LIBBPF_WARN || current_log == nullptr) return 0;
  char line[4096];
  vsnprintf(line, sizeof line, format, arguments);
  current_log->append(line);
  return 0;
}

// BPF_LOG_STATS of kernel/bpf/verifier.c (include/linux/bpf_verifier.h): the verifier says how much it did, and nothing
// else.
constexpr uint32_t kLogStatistics = 4;

// (path, variables {name: bytes}, reuse {map: fd}, max entries {map: number}, programs [name] or undefined for all,
// whether the verifier is to tell its statistics)
class Load : public ObjectTask {
 public:
  explicit Load(const Napi::CallbackInfo& info) : ObjectTask(info) {
    ForEach(info[1], [this](std::string name, Napi::Value value) {
      Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
      values_.emplace_back(name, std::vector<uint8_t>(bytes.Data(), bytes.Data() + bytes.ByteLength()));
    });
    ForEach(info[2], [this](std::string name, Napi::Value value) {
      reuse_.emplace_back(name, Duplicate(value.As<Napi::Number>().Int32Value()));
    });
    ForEach(info[3], [this](std::string name, Napi::Value value) {
      max_entries_.emplace_back(name, value.As<Napi::Number>().Uint32Value());
    });
    statistics_ = info[5].ToBoolean();
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
    if (statistics_) AskForStatistics(object);
    if (bpf_object__load(object) != 0) return Failed(failure, "bpf_object__load");
    if (statistics_ && verifier_log_.text() != nullptr) log_ = verifier_log_.text();
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
    OwnedFd copy = DuplicateFd(fd, failure);
    if (*failure) return false;
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

  // The buffer is the object's: what the last program left is there to be read.
  static void AskForStatistics(bpf_object* object) {
    bpf_program* program;
    bpf_object__for_each_program(program, object) bpf_program__set_log_level(program, kLogStatistics);
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
    answer.Set("verifierLog", Napi::String::New(env, log_));
    return answer;
  }

  std::vector<std::pair<std::string, std::vector<uint8_t>>> values_;
  Named reuse_;
  std::vector<std::pair<std::string, uint32_t>> max_entries_;
  bool chosen_ = false;
  bool statistics_ = false;
  std::string log_;
  std::vector<std::string> programs_wanted_;
  Named maps_, programs_;
};

Napi::Value ObjectLoad(const Napi::CallbackInfo& info) {
  return Task::Start(new Load(info));
}

}  // namespace

void InitLoader(Napi::Object exports) {
  libbpf_set_print(Print);
  Export(exports, "objectLoad", ObjectLoad);
  exports.Set("libbpfVersion", Napi::String::New(exports.Env(), libbpf_version_string()));
}

}  // namespace axo
