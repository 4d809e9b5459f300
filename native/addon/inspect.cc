// SPDX-License-Identifier: Apache-2.0
// What an object file declares, without loading anything.
#include <utility>

#include "modules.h"
#include "object_task.h"

namespace axo {
namespace {

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

Napi::Value ObjectInspect(const Napi::CallbackInfo& info) {
  return Task::Start(new Inspect(info));
}

}  // namespace

void InitInspect(Napi::Object exports) {
  Export(exports, "objectInspect", ObjectInspect);
}

}  // namespace axo
