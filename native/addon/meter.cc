// SPDX-License-Identifier: Apache-2.0
// Load between two network namespaces: a server thread and a client thread, each pinned to a processor, on blocking
// sockets.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>

#include <atomic>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

enum Kind { kConnections = 0, kRoundTrips = 1, kStream = 2, kDatagrams = 3 };

constexpr int64_t kSecond = INT64_C(1000000000);
// More samples than this are not kept; the counts go on.
constexpr size_t kMostSamples = 1 << 20;
// A peer that is silent for so long is gone: the measurement fails with EAGAIN.
constexpr time_t kPatienceSeconds = 5;

int64_t TimeOf(clockid_t clock) {
  struct timespec now = {};
  clock_gettime(clock, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

int64_t Now() {
  return TimeOf(CLOCK_MONOTONIC);
}

class Meter : public Task {
 public:
  explicit Meter(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        kind_(static_cast<Kind>(NumberArg(info, 0, 0))),
        client_netns_(NetnsAt(info, 1)),
        server_netns_(NetnsAt(info, 2)),
        family_(static_cast<int>(NumberArg(info, 3, AF_INET))),
        address_(StringArg(info, 4)),
        bytes_(static_cast<size_t>(NumberArg(info, 5, 1))),
        duration_(NumberArg(info, 6, 0)),
        warmup_(NumberArg(info, 7, 0)),
        client_cpu_(static_cast<int>(NumberArg(info, 8, -1))),
        server_cpu_(static_cast<int>(NumberArg(info, 9, -1))) {
    Napi::Array workers = info[10].As<Napi::Array>();
    for (uint32_t i = 0; i < workers.Length(); i++) {
      clockid_t clock;
      if (clock_getcpuclockid(workers.Get(i).As<Napi::Number>().Int32Value(), &clock) == 0) clocks_.push_back(clock);
    }
  }

 private:
  void Run(Failure* failure) override {
    bool open = RunInNetns(server_netns_, failure, [this](Failure* f) { return Listen(f); });
    if (!open) return;
    pthread_t server;
    int error = pthread_create(&server, nullptr, Serve, this);
    if (error != 0) return failure->Set("pthread_create", error);
    clockid_t server_clock;
    if (pthread_getcpuclockid(server, &server_clock) == 0) clocks_.push_back(server_clock);
    RunInNetns(client_netns_, failure, [this](Failure* f) { return Pin(client_cpu_, f) && Measure(f); });
    // Wakes a server that waits in accept(2), recv(2) or, though it fails with ENOTCONN then, recvfrom(2).
    done_ = true;
    shutdown(listener_.get(), SHUT_RDWR);
    pthread_join(server, nullptr);
    // The client's failure is then only its consequence.
    if (server_failure_) *failure = server_failure_;
  }

  int Type() const { return kind_ == kDatagrams ? SOCK_DGRAM : SOCK_STREAM; }

  bool Listen(Failure* failure) {
    socklen_t size;
    struct sockaddr_storage name = {};
    name.ss_family = static_cast<sa_family_t>(family_);
    size = family_ == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    listener_.Reset(socket(family_, Type() | SOCK_CLOEXEC, 0));
    if (listener_.get() < 0) return Failed(failure, "socket");
    if (bind(listener_.get(), reinterpret_cast<struct sockaddr*>(&name), size) != 0) return Failed(failure, "bind");
    if (Type() == SOCK_STREAM && listen(listener_.get(), 512) != 0) return Failed(failure, "listen");
    if (getsockname(listener_.get(), reinterpret_cast<struct sockaddr*>(&name), &size) != 0)
      return Failed(failure, "getsockname");
    return Target(name, failure);
  }

  // The port lies at the same place in sockaddr_in and sockaddr_in6.
  bool Target(const struct sockaddr_storage& bound, Failure* failure) {
    target_.ss_family = static_cast<sa_family_t>(family_);
    auto* four = reinterpret_cast<struct sockaddr_in*>(&target_);
    auto* six = reinterpret_cast<struct sockaddr_in6*>(&target_);
    four->sin_port = reinterpret_cast<const struct sockaddr_in*>(&bound)->sin_port;
    target_size_ = family_ == AF_INET ? sizeof *four : sizeof *six;
    void* where = family_ == AF_INET ? static_cast<void*>(&four->sin_addr) : static_cast<void*>(&six->sin6_addr);
    if (inet_pton(family_, address_.c_str(), where) == 1) return true;
    failure->Set("inet_pton", EINVAL);
    return false;
  }

  static bool Pin(int cpu, Failure* failure) {
    if (cpu < 0) return true;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0 || Failed(failure, "sched_setaffinity");
  }

  static void Prepare(int fd) {
    int on = 1;
    struct timeval patience = {kPatienceSeconds, 0};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by a datagram socket, which has no use for it
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  // ---- the client ----

  // SO_SNDTIMEO bounds connect(2) as well (socket(7)).
  bool Connect(OwnedFd* fd, Failure* failure) {
    fd->Reset(socket(family_, Type() | SOCK_CLOEXEC, 0));
    if (fd->get() < 0) return Failed(failure, "socket");
    Prepare(fd->get());
    if (connect(fd->get(), reinterpret_cast<struct sockaddr*>(&target_), target_size_) == 0) return true;
    // Linux says EINPROGRESS when the time of SO_SNDTIMEO is over.
    failure->Set("connect", errno == EINPROGRESS ? ETIMEDOUT : errno);
    return false;
  }

  bool Measure(Failure* failure) {
    if (kind_ == kConnections) return Repeat(failure, [this](Failure* f) { return ConnectOnce(f); });
    OwnedFd fd;
    std::vector<uint8_t> block(bytes_, 0x5a);
    if (!Connect(&fd, failure)) return false;
    if (kind_ != kStream) return Repeat(failure, [&](Failure* f) { return Exchange(fd.get(), &block, f); });
    if (!Repeat(failure, [&](Failure* f) { return SendAll(fd.get(), block, f); })) return false;
    return true;
  }

  // Steps until the time is over; what ends within the warm-up does not count.
  template <typename Step>
  bool Repeat(Failure* failure, Step step) {
    int64_t began = Now();
    int64_t start = began + warmup_;
    int64_t end = start + duration_;
    for (int64_t before = began; before < end;) {
      if (!step(failure)) return false;
      int64_t after = Now();
      if (before >= start) Count(before, after);
      before = after;
    }
    processor_ = ProcessorTime() - processor_;
    return true;
  }

  // Of the client, whose thread this is, the server and the kernel's workers.
  int64_t ProcessorTime() const {
    int64_t sum = TimeOf(CLOCK_THREAD_CPUTIME_ID);
    for (clockid_t clock : clocks_) sum += TimeOf(clock);
    return sum;
  }

  void Count(int64_t before, int64_t after) {
    if (count_++ == 0) {
      first_ = before;
      processor_ = ProcessorTime();
      received_before_ = received_.load();
    }
    last_ = after;
    received_after_ = received_.load();
    if (kind_ != kStream && samples_.size() < kMostSamples) samples_.push_back(static_cast<double>(after - before));
  }

  // Closed by a reset, so that no port is held back in TIME_WAIT.
  bool ConnectOnce(Failure* failure) {
    OwnedFd fd;
    if (!Connect(&fd, failure)) return false;
    struct linger reset = {1, 0};
    setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    return true;
  }

  static bool Exchange(int fd, std::vector<uint8_t>* block, Failure* failure) {
    return SendAll(fd, *block, failure) && ReceiveAll(fd, block, failure);
  }

  static bool SendAll(int fd, const std::vector<uint8_t>& block, Failure* failure) {
    for (size_t sent = 0; sent < block.size();) {
      ssize_t size = send(fd, block.data() + sent, block.size() - sent, MSG_NOSIGNAL);
      if (size < 0) return Failed(failure, "send");
      sent += static_cast<size_t>(size);
    }
    return true;
  }

  static bool ReceiveAll(int fd, std::vector<uint8_t>* block, Failure* failure) {
    for (size_t got = 0; got < block->size();) {
      ssize_t size = recv(fd, block->data() + got, block->size() - got, 0);
      if (size < 0) return Failed(failure, "recv");
      if (size == 0) {
        failure->Set("recv", ECONNRESET);
        return false;
      }
      got += static_cast<size_t>(size);
    }
    return true;
  }

  // ---- the server ----

  static void* Serve(void* argument) {
    Meter* self = static_cast<Meter*>(argument);
    if (!Pin(self->server_cpu_, &self->server_failure_)) {
      shutdown(self->listener_.get(), SHUT_RDWR);  // resets the client that waits
      return nullptr;
    }
    if (self->kind_ == kDatagrams) self->Echo();
    while (!self->done_) {
      OwnedFd fd(accept4(self->listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (fd.get() < 0 || self->kind_ == kConnections) continue;
      Prepare(fd.get());
      self->Answer(fd.get());
    }
    return nullptr;
  }

  // Sends every datagram back to where it came from, until the socket is shut down.
  void Echo() {
    std::vector<uint8_t> block(bytes_);
    struct sockaddr_storage from;
    while (!done_) {
      socklen_t size = sizeof from;
      ssize_t got =
          recvfrom(listener_.get(), block.data(), block.size(), 0, reinterpret_cast<struct sockaddr*>(&from), &size);
      if (got <= 0) return;
      sendto(listener_.get(), block.data(), static_cast<size_t>(got), 0, reinterpret_cast<struct sockaddr*>(&from),
             size);
    }
  }

  // Ends with the client: its end of file or reset is no failure.
  void Answer(int fd) {
    Failure ignored;
    std::vector<uint8_t> block(kind_ == kStream ? 256 * 1024 : bytes_);
    if (kind_ == kRoundTrips) {
      while (ReceiveAll(fd, &block, &ignored) && SendAll(fd, block, &ignored)) continue;
      return;
    }
    for (ssize_t size; (size = recv(fd, block.data(), block.size(), 0)) > 0;) received_ += static_cast<uint64_t>(size);
  }

  Napi::Value Answer(Napi::Env env) override {
    Napi::Object answer = Napi::Object::New(env);
    answer.Set("count", Napi::Number::New(env, static_cast<double>(count_)));
    answer.Set("bytes", Napi::Number::New(env, static_cast<double>(received_after_ - received_before_)));
    answer.Set("nanoseconds", Napi::Number::New(env, static_cast<double>(last_ - first_)));
    answer.Set("processorNanoseconds", Napi::Number::New(env, static_cast<double>(processor_)));
    Napi::Float64Array samples = Napi::Float64Array::New(env, samples_.size());
    if (!samples_.empty()) memcpy(samples.Data(), samples_.data(), samples_.size() * sizeof(double));
    answer.Set("samples", samples);
    return answer;
  }

  Kind kind_;
  NetnsTarget client_netns_;
  NetnsTarget server_netns_;
  int family_;
  std::string address_;
  size_t bytes_;
  int64_t duration_;
  int64_t warmup_;
  int client_cpu_;
  int server_cpu_;

  OwnedFd listener_;
  struct sockaddr_storage target_ = {};
  socklen_t target_size_ = 0;
  std::atomic<bool> done_{false};
  std::atomic<uint64_t> received_{0};
  Failure server_failure_;

  uint64_t count_ = 0;
  uint64_t received_before_ = 0;
  uint64_t received_after_ = 0;
  int64_t first_ = 0;
  int64_t last_ = 0;
  // At the first that counts, and at the end the difference.
  int64_t processor_ = 0;
  std::vector<clockid_t> clocks_;
  std::vector<double> samples_;
};

Napi::Value Start(const Napi::CallbackInfo& info) {
  return Task::Start(new Meter(info));
}

}  // namespace

void InitMeter(Napi::Object exports) {
  Export(exports, "meter", Start);
}

}  // namespace axo
