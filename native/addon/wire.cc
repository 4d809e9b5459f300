// SPDX-License-Identifier: Apache-2.0
// A cable that takes its time: frames that leave one TAP device enter another one a while later. A thread per cable,
// so that neither JavaScript nor the event loop has a say in when.
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>

#include <atomic>
#include <deque>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

// Largest GSO frame with its headers and the virtio header in front (IFF_VNET_HDR, linux/if_tun.h).
constexpr size_t kLargestFrame = 65536 + 128;
// Frames under way in one direction; more are lost, as on any full queue. 4096 times 1500 bytes are 50 ms at 1 Gbit/s.
constexpr size_t kQueueFrames = 4096;

int64_t Now() {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

struct Frame {
  int64_t due;
  std::vector<uint8_t> bytes;
};

class Wire {
 public:
  // Duplicates both descriptors. Null with a failure when descriptors or the thread cannot be had.
  static Wire* Start(int left, int right, Failure* failure) {
    Wire* wire = new Wire(left, right, failure);
    int error = *failure ? 0 : pthread_create(&wire->thread_, nullptr, Body, wire);
    if (error != 0) failure->Set("pthread_create", error);
    if (!*failure) return wire;
    delete wire;
    return nullptr;
  }

  void Set(int64_t delay, int64_t jitter) {
    delay_ = delay;
    jitter_ = jitter;
  }

  void Stop() {
    if (stopped_) return;
    stopped_ = true;
    uint64_t one = 1;
    if (write(stop_.get(), &one, sizeof one) < 0) return;
    pthread_join(thread_, nullptr);
    for (OwnedFd& fd : ends_) fd.Reset(-1);
    stop_.Reset(-1);
  }

 private:
  Wire(int left, int right, Failure* failure)
      : ends_{DuplicateFd(left, failure), DuplicateFd(right, failure)},
        watched_{ends_[0].get(), ends_[1].get()},
        stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (stop_.get() < 0 && !*failure) Failed(failure, "eventfd");
    if (getrandom(&random_, sizeof random_, 0) < 0) random_ = 1;
    random_ |= 1;
  }

  static void* Body(void* self) {
    prctl(PR_SET_NAME, "axo-wire");
    // ppoll(2) may otherwise come 50 us late (PR_SET_TIMERSLACK, prctl(2)).
    prctl(PR_SET_TIMERSLACK, 1);
    static_cast<Wire*>(self)->Carry();
    return nullptr;
  }

  void Carry() {
    std::vector<uint8_t> room(kLargestFrame);
    for (;;) {
      struct pollfd polls[] = {{watched_[0], POLLIN, 0}, {watched_[1], POLLIN, 0}, {stop_.get(), POLLIN, 0}};
      struct timespec wait;
      if (ppoll(polls, 3, UntilDue(&wait), nullptr) < 0 && errno != EINTR) return;
      if (polls[2].revents != 0) return;
      for (int from : {0, 1}) {
        if (polls[from].revents & POLLIN) Take(from, &room);
        // Its device is gone (tun_chr_poll, drivers/net/tun.c); ppoll(2) skips negative descriptors.
        if (polls[from].revents & (POLLERR | POLLNVAL)) watched_[from] = -1;
      }
      for (int to : {0, 1}) Deliver(to);
    }
  }

  // Null when nothing is under way: then the wait has no end.
  struct timespec* UntilDue(struct timespec* wait) {
    int64_t first = INT64_MAX;
    for (std::deque<Frame>& queue : queues_) {
      if (!queue.empty() && queue.front().due < first) first = queue.front().due;
    }
    if (first == INT64_MAX) return nullptr;
    int64_t left = first - Now();
    if (left < 0) left = 0;
    *wait = {static_cast<time_t>(left / 1000000000), static_cast<long>(left % 1000000000)};
    return wait;
  }

  // queues_[to] holds what goes to end `to`; a bounded number at a time, so that deliveries are not kept waiting.
  void Take(int from, std::vector<uint8_t>* room) {
    std::deque<Frame>& queue = queues_[1 - from];
    for (int i = 0; i < 64; i++) {
      ssize_t size = read(ends_[from].get(), room->data(), room->size());
      if (size <= 0) return;
      if (queue.size() >= kQueueFrames) continue;
      int64_t due = Now() + Delay();
      // A cable keeps its order: jitter never lets a frame overtake another.
      if (!queue.empty() && queue.back().due > due) due = queue.back().due;
      queue.push_back({due, std::vector<uint8_t>(room->begin(), room->begin() + size)});
    }
  }

  void Deliver(int to) {
    std::deque<Frame>& queue = queues_[to];
    int64_t now = Now();
    while (!queue.empty() && queue.front().due <= now) {
      const std::vector<uint8_t>& bytes = queue.front().bytes;
      // A device that is down or out of memory loses the frame, as a real one does.
      if (write(ends_[to].get(), bytes.data(), bytes.size()) < 0 && errno == EBADFD) return queue.clear();
      queue.pop_front();
    }
  }

  // Evenly spread over delay - jitter .. delay + jitter, never negative; xorshift64 is random enough for that.
  int64_t Delay() {
    int64_t delay = delay_;
    int64_t jitter = jitter_;
    if (jitter > 0) {
      random_ ^= random_ << 13;
      random_ ^= random_ >> 7;
      random_ ^= random_ << 17;
      delay += static_cast<int64_t>(random_ % static_cast<uint64_t>(2 * jitter + 1)) - jitter;
    }
    return delay < 0 ? 0 : delay;
  }

  OwnedFd ends_[2];
  int watched_[2];
  OwnedFd stop_;
  std::deque<Frame> queues_[2];
  std::atomic<int64_t> delay_{0};
  std::atomic<int64_t> jitter_{0};
  uint64_t random_ = 1;
  pthread_t thread_ = {};
  bool stopped_ = false;
};

// A TAP device lives in the namespace in which /dev/net/tun was opened, and as long as the descriptor.
class TapOpen : public Task {
 public:
  explicit TapOpen(const Napi::CallbackInfo& info)
      : Task(info.Env()), netns_(NetnsAt(info, 0)), name_(StringArg(info, 1)) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) {
      fd_.Reset(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
      if (fd_.get() < 0) return Failed(f, "open");
      struct ifreq request = {};
      request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
      name_.copy(request.ifr_name, IFNAMSIZ - 1);
      if (ioctl(fd_.get(), TUNSETIFF, &request) != 0) return Failed(f, "TUNSETIFF");
      // Frames cross as large as they are and with their checksums unfinished, as between the ends of a veth pair.
      unsigned long offloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
      if (ioctl(fd_.get(), TUNSETOFFLOAD, offloads) != 0) return Failed(f, "TUNSETOFFLOAD");
      return true;
    });
  }

  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  NetnsTarget netns_;
  std::string name_;
  OwnedFd fd_;
};

Napi::Value OpenTap(const Napi::CallbackInfo& info) {
  return Task::Start(new TapOpen(info));
}

Napi::Value SetCarrier(const Napi::CallbackInfo& info) {
  int on = info[1].As<Napi::Boolean>().Value() ? 1 : 0;
  if (ioctl(FdArg(info, 0), TUNSETCARRIER, &on) != 0) return Throw(info.Env(), "TUNSETCARRIER", errno);
  return info.Env().Undefined();
}

Wire* WireArg(const Napi::CallbackInfo& info) {
  return info[0].As<Napi::External<Wire>>().Data();
}

Napi::Value StartWire(const Napi::CallbackInfo& info) {
  Failure failure;
  Wire* wire = Wire::Start(FdArg(info, 0), FdArg(info, 1), &failure);
  if (wire == nullptr) return Throw(info.Env(), failure.syscall, failure.error);
  return Napi::External<Wire>::New(info.Env(), wire, [](Napi::Env, Wire* self) {
    self->Stop();
    delete self;
  });
}

Napi::Value SetWire(const Napi::CallbackInfo& info) {
  WireArg(info)->Set(NumberArg(info, 1, 0), NumberArg(info, 2, 0));
  return info.Env().Undefined();
}

Napi::Value StopWire(const Napi::CallbackInfo& info) {
  WireArg(info)->Stop();
  return info.Env().Undefined();
}

}  // namespace

void InitWire(Napi::Object exports) {
  Export(exports, "tapOpen", OpenTap);
  Export(exports, "tapCarrier", SetCarrier);
  Export(exports, "wireStart", StartWire);
  Export(exports, "wireSet", SetWire);
  Export(exports, "wireStop", StopWire);
}

}  // namespace axo
