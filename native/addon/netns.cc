// SPDX-License-Identifier: Apache-2.0
// Files and namespaces: open, read and write inside a network namespace; make one; mount and unmount.
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

class OpenIn : public Task {
 public:
  explicit OpenIn(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        path_(StringArg(info, 1)),
        flags_(static_cast<int>(NumberArg(info, 2, O_RDONLY))) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) {
      int fd = open(path_.c_str(), flags_ | O_CLOEXEC, 0600);
      if (fd < 0) return Failed(f, "open");
      fd_.Reset(fd);
      return true;
    });
  }
  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  NetnsTarget netns_;
  std::string path_;
  int flags_;
  OwnedFd fd_;
};

bool ReadAll(const char* path, std::vector<uint8_t>* out, Failure* failure) {
  OwnedFd fd(open(path, O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return Failed(failure, "open");
  uint8_t chunk[4096];
  for (;;) {
    ssize_t count = read(fd.get(), chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Failed(failure, "read");
    if (count == 0) return true;
    out->insert(out->end(), chunk, chunk + count);
  }
}

// One write: files under /proc/sys take the whole value at once (proc(5)).
bool WriteOnce(const char* path, const std::vector<uint8_t>& data, Failure* failure) {
  OwnedFd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (fd.get() < 0) return Failed(failure, "open");
  ssize_t count = write(fd.get(), data.data(), data.size());
  if (count < 0) return Failed(failure, "write");
  if (static_cast<size_t>(count) != data.size()) {
    failure->Set("write", EIO);
    return false;
  }
  return true;
}

class ReadIn : public Task {
 public:
  explicit ReadIn(const Napi::CallbackInfo& info)
      : Task(info.Env()), netns_(NetnsAt(info, 0)), path_(StringArg(info, 1)) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) { return ReadAll(path_.c_str(), &data_, f); });
  }
  Napi::Value Answer(Napi::Env env) override { return NewBytes(env, data_.data(), data_.size()); }

  NetnsTarget netns_;
  std::string path_;
  std::vector<uint8_t> data_;
};

class WriteIn : public Task {
 public:
  explicit WriteIn(const Napi::CallbackInfo& info)
      : Task(info.Env()), netns_(NetnsAt(info, 0)), path_(StringArg(info, 1)), data_(CopyArg(info, 2)) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) { return WriteOnce(path_.c_str(), data_, f); });
  }

  NetnsTarget netns_;
  std::string path_;
  std::vector<uint8_t> data_;
};

// thread-self, not self: the thread group's leader stays where it is (proc(5)).
constexpr char kOwnNetns[] = "/proc/thread-self/ns/net";

// A namespace lives as long as something holds it: a thread makes it, bind-mounts it on a file and ends.
class CreateNetns : public Task {
 public:
  explicit CreateNetns(const Napi::CallbackInfo& info) : Task(info.Env()), path_(StringArg(info, 0)) {}

 private:
  void Run(Failure* failure) override {
    RunOnFreshThread(failure, [this](Failure* f) { return Make(f); });
  }

  bool Make(Failure* failure) {
    if (unshare(CLONE_NEWNET) != 0) return Failed(failure, "unshare");
    OwnedFd file(open(path_.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444));
    if (file.get() < 0) return Failed(failure, "open");
    if (mount(kOwnNetns, path_.c_str(), nullptr, MS_BIND, nullptr) == 0) return true;
    Failed(failure, "mount");
    unlink(path_.c_str());
    return false;
  }

  std::string path_;
};

// The same, held by nothing but the descriptor that it answers with.
class NewNetns : public Task {
 public:
  explicit NewNetns(const Napi::CallbackInfo& info) : Task(info.Env()) {}

 private:
  void Run(Failure* failure) override {
    RunOnFreshThread(failure, [this](Failure* f) {
      if (unshare(CLONE_NEWNET) != 0) return Failed(f, "unshare");
      fd_.Reset(open(kOwnNetns, O_RDONLY | O_CLOEXEC));
      return fd_.get() >= 0 || Failed(f, "open");
    });
  }
  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  OwnedFd fd_;
};

class Mount : public Task {
 public:
  explicit Mount(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        source_(StringArg(info, 0)),
        target_(StringArg(info, 1)),
        type_(StringArg(info, 2)),
        flags_(static_cast<unsigned long>(NumberArg(info, 3, 0))),
        data_(StringArg(info, 4)) {}

 private:
  void Run(Failure* failure) override {
    const char* data = data_.empty() ? nullptr : data_.c_str();
    if (mount(source_.c_str(), target_.c_str(), type_.c_str(), flags_, data) != 0) Failed(failure, "mount");
  }

  std::string source_, target_, type_;
  unsigned long flags_;
  std::string data_;
};

class Umount : public Task {
 public:
  explicit Umount(const Napi::CallbackInfo& info)
      : Task(info.Env()), target_(StringArg(info, 0)), flags_(static_cast<int>(NumberArg(info, 1, 0))) {}

 private:
  void Run(Failure* failure) override {
    if (umount2(target_.c_str(), flags_) != 0) Failed(failure, "umount2");
  }

  std::string target_;
  int flags_;
};

template <typename Kind>
Napi::Value Begin(const Napi::CallbackInfo& info) {
  return Task::Start(new Kind(info));
}

Napi::Value Open(const Napi::CallbackInfo& info) {
  int fd = open(StringArg(info, 0).c_str(), static_cast<int>(NumberArg(info, 1, O_RDONLY)) | O_CLOEXEC, 0600);
  if (fd < 0) return Throw(info.Env(), "open", errno);
  return Napi::Number::New(info.Env(), fd);
}

// ioctl_ns(2): NS_GET_NSTYPE answers the CLONE_NEW* flag; ENOTTY means that the file is no namespace.
Napi::Value NsType(const Napi::CallbackInfo& info) {
  int type = ioctl(FdArg(info, 0), NS_GET_NSTYPE);
  if (type < 0) return Throw(info.Env(), "ioctl", errno);
  return Napi::Number::New(info.Env(), type);
}

Napi::Value Inode(const Napi::CallbackInfo& info) {
  struct stat status;
  if (fstat(FdArg(info, 0), &status) != 0) return Throw(info.Env(), "fstat", errno);
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(status.st_ino));
}

Napi::Value StatfsType(const Napi::CallbackInfo& info) {
  struct statfs status;
  if (statfs(StringArg(info, 0).c_str(), &status) != 0) return Throw(info.Env(), "statfs", errno);
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(status.f_type));
}

}  // namespace

void InitNetns(Napi::Object exports) {
  Export(exports, "openIn", Begin<OpenIn>);
  Export(exports, "readIn", Begin<ReadIn>);
  Export(exports, "writeIn", Begin<WriteIn>);
  Export(exports, "createNetns", Begin<CreateNetns>);
  Export(exports, "newNetns", Begin<NewNetns>);
  Export(exports, "mount", Begin<Mount>);
  Export(exports, "umount", Begin<Umount>);
  Export(exports, "open", Open);
  Export(exports, "nsType", NsType);
  Export(exports, "inode", Inode);
  Export(exports, "statfsType", StatfsType);
}

}  // namespace axo
