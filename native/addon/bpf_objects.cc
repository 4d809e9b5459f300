// SPDX-License-Identifier: Apache-2.0
// bpf(2) on programs, links and pins: what the cold plugin needs, without libbpf.
#include <algorithm>

#include "bpf_syscall.h"
#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

Napi::Value Get(const Napi::CallbackInfo& info) {
  std::string path = StringArg(info, 0);
  Attributes a;
  a.attr.pathname = Pointer(path.c_str());
  long fd = a.Call(BPF_OBJ_GET);
  if (fd < 0) return Throw(info.Env(), "bpf(BPF_OBJ_GET)", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

Napi::Value Pin(const Napi::CallbackInfo& info) {
  std::string path = StringArg(info, 1);
  Attributes a;
  a.attr.bpf_fd = static_cast<uint32_t>(FdArg(info, 0));
  a.attr.pathname = Pointer(path.c_str());
  if (a.Call(BPF_OBJ_PIN) < 0) return Throw(info.Env(), "bpf(BPF_OBJ_PIN)", errno);
  return info.Env().Undefined();
}

// Fills the caller's zeroed bytes with struct bpf_{prog,map}_info of the descriptor; returns how many the kernel wrote.
Napi::Value Info(const Napi::CallbackInfo& info) {
  Bytes out = BytesArg(info, 1);
  Attributes a;
  a.attr.info.bpf_fd = static_cast<uint32_t>(FdArg(info, 0));
  a.attr.info.info = Pointer(out.data);
  a.attr.info.info_len = static_cast<uint32_t>(out.size);
  if (a.Call(BPF_OBJ_GET_INFO_BY_FD) < 0) return Throw(info.Env(), "bpf(BPF_OBJ_GET_INFO_BY_FD)", errno);
  return Napi::Number::New(info.Env(), a.attr.info.info_len);
}

// struct bpf_link_info of a link. For links on devices the kernel takes its lock on them (tcx_link_fill_info,
// kernel/bpf/tcx.c), hence the thread.
class LinkInfo : public Task {
 public:
  explicit LinkInfo(const Napi::CallbackInfo& info) : Task(info.Env()), link_(Duplicate(FdArg(info, 0))) {}

 private:
  void Run(Failure* failure) override {
    Attributes a;
    a.attr.info.bpf_fd = static_cast<uint32_t>(link_.get());
    a.attr.info.info = Pointer(bytes_);
    a.attr.info.info_len = sizeof bytes_;
    if (a.Call(BPF_OBJ_GET_INFO_BY_FD) < 0) Failed(failure, "bpf(BPF_OBJ_GET_INFO_BY_FD)");
  }
  Napi::Value Answer(Napi::Env env) override { return NewBytes(env, bytes_, sizeof bytes_); }

  OwnedFd link_;
  // More than any kernel knows; the rest has to be zero.
  uint8_t bytes_[512] = {};
};

// (netns, program, interface index, cgroup or undefined, attach type, flags). BPF_LINK_CREATE looks the interface up in
// the caller's network namespace, hence the thread.
class LinkCreate : public Task {
 public:
  explicit LinkCreate(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        program_(Duplicate(FdArg(info, 1))),
        ifindex_(static_cast<uint32_t>(NumberArg(info, 2, 0))),
        type_(static_cast<uint32_t>(NumberArg(info, 4, 0))),
        flags_(static_cast<uint32_t>(NumberArg(info, 5, 0))) {
    if (!info[3].IsUndefined()) cgroup_ = Duplicate(FdArg(info, 3));
  }

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) {
      Attributes a;
      a.attr.link_create.prog_fd = static_cast<uint32_t>(program_.get());
      if (cgroup_)
        a.attr.link_create.target_fd = static_cast<uint32_t>(cgroup_->get());
      else
        a.attr.link_create.target_ifindex = ifindex_;
      a.attr.link_create.attach_type = type_;
      a.attr.link_create.flags = flags_;
      long fd = a.Call(BPF_LINK_CREATE);
      if (fd < 0) return Failed(f, "bpf(BPF_LINK_CREATE)");
      link_.Reset(static_cast<int>(fd));
      return true;
    });
  }
  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, link_.Release()); }

  NetnsTarget netns_;
  OwnedFd program_;
  std::optional<OwnedFd> cgroup_;
  uint32_t ifindex_, type_, flags_;
  OwnedFd link_;
};

class LinkUpdate : public Task {
 public:
  explicit LinkUpdate(const Napi::CallbackInfo& info)
      : Task(info.Env()), link_(Duplicate(FdArg(info, 0))), program_(Duplicate(FdArg(info, 1))) {}

 private:
  void Run(Failure* failure) override {
    Attributes a;
    a.attr.link_update.link_fd = static_cast<uint32_t>(link_.get());
    a.attr.link_update.new_prog_fd = static_cast<uint32_t>(program_.get());
    if (a.Call(BPF_LINK_UPDATE) < 0) Failed(failure, "bpf(BPF_LINK_UPDATE)");
  }

  OwnedFd link_, program_;
};

class LinkDetach : public Task {
 public:
  explicit LinkDetach(const Napi::CallbackInfo& info) : Task(info.Env()), link_(Duplicate(FdArg(info, 0))) {}

 private:
  void Run(Failure* failure) override {
    Attributes a;
    a.attr.link_detach.link_fd = static_cast<uint32_t>(link_.get());
    if (a.Call(BPF_LINK_DETACH) < 0) Failed(failure, "bpf(BPF_LINK_DETACH)");
  }

  OwnedFd link_;
};

// The ids of the programs attached to a device, by its index, or to a cgroup, by its descriptor, in the order in which
// they run. For devices the kernel takes its lock on them (RTNL).
bool ListAttached(uint32_t target, uint32_t type, std::vector<uint32_t>* ids, Failure* failure) {
  uint32_t count = 16;
  do {
    ids->resize(count);
    Attributes a;
    a.attr.query.target_fd = target;  // a union with target_ifindex (Linux 6.6)
    a.attr.query.attach_type = type;
    a.attr.query.prog_ids = Pointer(ids->data());
    a.attr.query.prog_cnt = static_cast<uint32_t>(ids->size());
    // ENOSPC: more programs than room; the count says how many.
    if (a.Call(BPF_PROG_QUERY) < 0 && errno != ENOSPC) {
      ids->clear();
      return Failed(failure, "bpf(BPF_PROG_QUERY)");
    }
    count = a.attr.query.prog_cnt;
  } while (count > ids->size());
  ids->resize(count);
  return true;
}

Napi::Value NewNumbers(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Uint32Array answer = Napi::Uint32Array::New(env, numbers.size());
  if (!numbers.empty()) memcpy(answer.Data(), numbers.data(), numbers.size() * sizeof numbers[0]);
  return answer;
}

// (netns, interface index, cgroup or undefined, attach type)
class Query : public Task {
 public:
  explicit Query(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        ifindex_(static_cast<uint32_t>(NumberArg(info, 1, 0))),
        type_(static_cast<uint32_t>(NumberArg(info, 3, 0))) {
    if (!info[2].IsUndefined()) cgroup_ = Duplicate(FdArg(info, 2));
  }

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) {
      uint32_t target = cgroup_ ? static_cast<uint32_t>(cgroup_->get()) : ifindex_;
      return ListAttached(target, type_, &ids_, f);
    });
  }
  Napi::Value Answer(Napi::Env env) override { return NewNumbers(env, ids_); }

  NetnsTarget netns_;
  uint32_t ifindex_, type_;
  std::optional<OwnedFd> cgroup_;
  std::vector<uint32_t> ids_;
};

// (attach type, program id, interface indexes): the indexes of the devices that are there and lack the program. One
// thread asks for all of them: a microsecond each, and no descriptor.
class Lacking : public Task {
 public:
  explicit Lacking(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        type_(static_cast<uint32_t>(NumberArg(info, 0, 0))),
        program_(static_cast<uint32_t>(NumberArg(info, 1, 0))) {
    Napi::Uint32Array devices = info[2].As<Napi::Uint32Array>();
    devices_.assign(devices.Data(), devices.Data() + devices.ElementLength());
  }

 private:
  void Run(Failure* failure) override {
    std::vector<uint32_t> ids;
    for (uint32_t device : devices_) {
      Failure failed;
      if (!ListAttached(device, type_, &ids, &failed)) {
        if (failed.error == ENODEV) continue;
        *failure = failed;
        return;
      }
      if (std::find(ids.begin(), ids.end(), program_) == ids.end()) lacking_.push_back(device);
    }
  }
  Napi::Value Answer(Napi::Env env) override { return NewNumbers(env, lacking_); }

  uint32_t type_, program_;
  std::vector<uint32_t> devices_, lacking_;
};

Napi::Value ProgramById(const Napi::CallbackInfo& info) {
  Attributes a;
  a.attr.prog_id = static_cast<uint32_t>(NumberArg(info, 0, 0));
  long fd = a.Call(BPF_PROG_GET_FD_BY_ID);
  if (fd < 0) return Throw(info.Env(), "bpf(BPF_PROG_GET_FD_BY_ID)", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

// A program from raw instructions, for probes: (type, instructions, expected attach type).
Napi::Value ProgramLoad(const Napi::CallbackInfo& info) {
  Bytes instructions = BytesArg(info, 1);
  Attributes a;
  a.attr.prog_type = static_cast<uint32_t>(NumberArg(info, 0, 0));
  a.attr.insns = Pointer(instructions.data);
  a.attr.insn_cnt = static_cast<uint32_t>(instructions.size / sizeof(bpf_insn));
  a.attr.license = Pointer("Dual BSD/GPL");
  a.attr.expected_attach_type = static_cast<uint32_t>(NumberArg(info, 2, 0));
  long fd = -1;
  // The verifier gives up with EAGAIN when a signal is pending.
  for (int attempt = 0; attempt < 5; attempt++) {
    fd = a.Call(BPF_PROG_LOAD);
    if (fd >= 0 || errno != EAGAIN) break;
  }
  if (fd < 0) return Throw(info.Env(), "bpf(BPF_PROG_LOAD)", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(fd));
}

// (program, netns, data in, context in, repeat, data out, context out) fills the out buffers;
// returns [return value, duration in ns, bytes of data out, bytes of context out].
Napi::Value TestRun(const Napi::CallbackInfo& info) {
  Bytes data_in = BytesArg(info, 2), context_in = BytesArg(info, 3);
  Bytes data_out = BytesArg(info, 5), context_out = BytesArg(info, 6);
  Attributes a;
  auto& test = a.attr.test;
  test.prog_fd = static_cast<uint32_t>(FdArg(info, 0));
  test.data_in = Pointer(data_in.data);
  test.data_size_in = static_cast<uint32_t>(data_in.size);
  test.ctx_in = Pointer(context_in.data);
  test.ctx_size_in = static_cast<uint32_t>(context_in.size);
  test.repeat = static_cast<uint32_t>(NumberArg(info, 4, 1));
  test.data_out = Pointer(data_out.data);
  test.data_size_out = static_cast<uint32_t>(data_out.size);
  test.ctx_out = Pointer(context_out.data);
  test.ctx_size_out = static_cast<uint32_t>(context_out.size);
  Failure failure;
  NetnsTarget netns = NetnsArg(info, 1, &failure);
  bool ok = !failure && RunInNetns(netns, &failure, [&a](Failure* f) {
    if (a.Call(BPF_PROG_TEST_RUN) == 0) return true;
    return Failed(f, "bpf(BPF_PROG_TEST_RUN)");
  });
  if (!ok) return Throw(info.Env(), failure.syscall, failure.error);
  Napi::Array answer = Napi::Array::New(info.Env(), 4);
  const uint32_t values[] = {test.retval, test.duration, test.data_size_out, test.ctx_size_out};
  for (uint32_t i = 0; i < 4; i++) answer.Set(i, Napi::Number::New(info.Env(), values[i]));
  return answer;
}

template <typename Kind>
Napi::Value Begin(const Napi::CallbackInfo& info) {
  return Task::Start(new Kind(info));
}

}  // namespace

void InitBpfObjects(Napi::Object exports) {
  Export(exports, "bpfGet", Get);
  Export(exports, "bpfPin", Pin);
  Export(exports, "bpfInfo", Info);
  Export(exports, "bpfLinkCreate", Begin<LinkCreate>);
  Export(exports, "bpfLinkUpdate", Begin<LinkUpdate>);
  Export(exports, "bpfLinkDetach", Begin<LinkDetach>);
  Export(exports, "bpfLinkInfo", Begin<LinkInfo>);
  Export(exports, "bpfQuery", Begin<Query>);
  Export(exports, "bpfLacking", Begin<Lacking>);
  Export(exports, "bpfProgramById", ProgramById);
  Export(exports, "bpfProgramLoad", ProgramLoad);
  Export(exports, "bpfTestRun", TestRun);
}

}  // namespace axo
