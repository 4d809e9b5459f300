// SPDX-License-Identifier: Apache-2.0
// Holding the kernel's lock on network devices (RTNL) for a while, as a slow driver or a long deletion does.
// SIOCGIFCONF writes to the caller's memory with the lock held (dev_ifconf, net/core/dev_ioctl.c), and userfaultfd(2)
// lets that write wait as long as one likes.
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <memory>

#include "modules.h"
#include "task.h"

namespace axo {
namespace {

constexpr int kMostMsToGet = 5000;

class HeldLock {
 public:
  ~HeldLock() {
    Release();
    if (page_ != MAP_FAILED) munmap(page_, Size());
  }

  // True once a thread waits in the kernel with the lock held.
  bool Take(const NetnsTarget& netns, Failure* failure) {
    bool open = RunInNetns(netns, failure, [this](Failure* f) {
      socket_.Reset(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      return socket_.get() >= 0 || Failed(f, "socket");
    });
    return open && Prepare(failure) && Ask(failure) && AwaitFault(failure);
  }

  // Lets the write go on, and waits until the lock is free.
  void Release() {
    if (!is_asking_) return;
    is_asking_ = false;
    uffdio_zeropage fill{};
    fill.range = {reinterpret_cast<uintptr_t>(page_), Size()};
    ioctl(faults_.get(), UFFDIO_ZEROPAGE, &fill);
    pthread_join(asker_, nullptr);
  }

 private:
  static size_t Size() { return static_cast<size_t>(sysconf(_SC_PAGESIZE)); }

  bool Prepare(Failure* failure) {
    page_ = mmap(nullptr, Size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page_ == MAP_FAILED) return Failed(failure, "mmap");
    faults_.Reset(static_cast<int>(syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK)));
    if (faults_.get() < 0) return Failed(failure, "userfaultfd");
    uffdio_api api{};
    api.api = UFFD_API;
    if (ioctl(faults_.get(), UFFDIO_API, &api) != 0) return Failed(failure, "UFFDIO_API");
    uffdio_register watched{};
    watched.range = {reinterpret_cast<uintptr_t>(page_), Size()};
    watched.mode = UFFDIO_REGISTER_MODE_MISSING;
    return ioctl(faults_.get(), UFFDIO_REGISTER, &watched) == 0 || Failed(failure, "UFFDIO_REGISTER");
  }

  bool Ask(Failure* failure) {
    int error = pthread_create(
        &asker_, nullptr,
        [](void* argument) -> void* {
          HeldLock* self = static_cast<HeldLock*>(argument);
          ifconf list{};
          list.ifc_len = static_cast<int>(Size());
          list.ifc_buf = static_cast<char*>(self->page_);
          ioctl(self->socket_.get(), SIOCGIFCONF, &list);
          return nullptr;
        },
        this);
    is_asking_ = error == 0;
    if (error != 0) failure->Set("pthread_create", error);
    return is_asking_;
  }

  // ETIMEDOUT: the namespace has no IPv4 address to tell of, or somebody else holds the lock.
  bool AwaitFault(Failure* failure) {
    pollfd wait = {faults_.get(), POLLIN, 0};
    int ready;
    do ready = poll(&wait, 1, kMostMsToGet);
    while (ready < 0 && errno == EINTR);
    if (ready > 0) return true;
    failure->Set("SIOCGIFCONF", ready == 0 ? ETIMEDOUT : errno);
    return false;
  }

  OwnedFd socket_;
  OwnedFd faults_;
  void* page_ = MAP_FAILED;
  pthread_t asker_{};
  bool is_asking_ = false;
};

// (netns, milliseconds): resolves when the lock is held. It is let go of after that time, or when the process ends.
class Hold : public Task {
 public:
  explicit Hold(const Napi::CallbackInfo& info)
      : Task(info.Env()), netns_(NetnsAt(info, 0)), milliseconds_(NumberArg(info, 1, 0)) {}

 private:
  void Run(Failure* failure) override {
    auto held = std::make_unique<Held>();
    held->milliseconds = milliseconds_;
    if (!held->lock.Take(netns_, failure)) return;
    pthread_t thread;
    int error = pthread_create(&thread, nullptr, ReleaseLater, held.get());
    if (error != 0) return failure->Set("pthread_create", error);
    pthread_detach(thread);
    held.release();  // the thread's from here on
  }

  struct Held {
    HeldLock lock;
    int64_t milliseconds;
  };

  static void* ReleaseLater(void* argument) {
    std::unique_ptr<Held> held(static_cast<Held*>(argument));
    usleep(static_cast<useconds_t>(held->milliseconds * 1000));
    return nullptr;
  }

  NetnsTarget netns_;
  int64_t milliseconds_;
};

Napi::Value StartHold(const Napi::CallbackInfo& info) {
  return Task::Start(new Hold(info));
}

}  // namespace

void InitDeviceLock(Napi::Object exports) {
  Export(exports, "deviceLockHold", StartHold);
}

}  // namespace axo
