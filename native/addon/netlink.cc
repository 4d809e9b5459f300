// SPDX-License-Identifier: Apache-2.0
// Netlink transport (netlink(7)): open a socket in a namespace, one request with its answers, one receive for monitors.
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

// The kernel answers a request while it is being sent; a longer silence means that the answer was lost.
constexpr time_t kReceiveTimeoutSeconds = 30;
// A dump's datagrams grow with the largest buffer that the reader has offered, up to 32 KiB (netlink_dump).
constexpr size_t kBufferBytes = 32768;

bool SetOption(int fd, int level, int option, int value, Failure* failure) {
  if (setsockopt(fd, level, option, &value, sizeof value) == 0) return true;
  return Failed(failure, "setsockopt");
}

// Settings that every exchange relies on, for own and passed sockets.
bool SetRules(int fd, Failure* failure) {
  timeval timeout{kReceiveTimeoutSeconds, 0};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) != 0) return Failed(failure, "setsockopt");
  return SetOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1, failure) &&
         SetOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1, failure) &&
         SetOption(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1, failure);
}

bool BindAnywhere(int fd, Failure* failure) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 || Failed(failure, "bind");
}

class OpenSocket : public Task {
 public:
  explicit OpenSocket(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        protocol_(static_cast<int>(NumberArg(info, 1, NETLINK_ROUTE))),
        receive_bytes_(static_cast<int>(NumberArg(info, 3, 0))) {
    Bytes groups = BytesArg(info, 2);
    const uint32_t* first = reinterpret_cast<const uint32_t*>(groups.data);
    groups_.assign(first, first + groups.size / sizeof(uint32_t));
  }

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) { return Open(f); });
  }

  bool Open(Failure* failure) {
    OwnedFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol_));
    if (fd.get() < 0) return Failed(failure, "socket");
    if (!Configure(fd.get(), failure)) return false;
    if (!BindAnywhere(fd.get(), failure)) return false;
    for (uint32_t group : groups_) {
      if (!SetOption(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, static_cast<int>(group), failure)) return false;
    }
    fd_ = std::move(fd);
    return true;
  }

  bool Configure(int fd, Failure* failure) {
    // FORCE needs CAP_NET_ADMIN; without it the size is capped by net.core.rmem_max (socket(7)).
    if (receive_bytes_ > 0 && !SetOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive_bytes_, failure)) {
      *failure = Failure();
      if (!SetOption(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes_, failure)) return false;
    }
    return SetRules(fd, failure);
  }

  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  NetnsTarget netns_;
  int protocol_;
  int receive_bytes_;
  std::vector<uint32_t> groups_;
  OwnedFd fd_;
};

// One whole datagram into `out`; `from` is the sender's port. The size is peeked at first, so nothing is ever cut off.
bool Receive(int fd, int flags, std::vector<uint8_t>* out, uint32_t* from, Failure* failure) {
  ssize_t size;
  do size = recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC | flags);
  while (size < 0 && errno == EINTR);
  if (size < 0) return Failed(failure, "recv");

  // The thread's own, for good: a new one would be filled with zeros for each datagram, 32 KiB of cache for 36 bytes.
  static thread_local std::vector<uint8_t> buffer(kBufferBytes);
  if (static_cast<size_t>(size) > buffer.size()) buffer.resize(static_cast<size_t>(size));
  sockaddr_nl sender{};
  iovec vector{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ssize_t count;
  do count = recvmsg(fd, &message, flags);
  while (count < 0 && errno == EINTR);
  if (count < 0) return Failed(failure, "recvmsg");
  if (message.msg_flags & MSG_TRUNC) {
    failure->Set("recvmsg", EMSGSIZE);
    return false;
  }
  *from = sender.nl_pid;
  out->assign(buffer.begin(), buffer.begin() + count);
  return true;
}

enum class Verdict { kNone, kDone, kRefused };

// What the datagram says of the exchange `sequence`: the message that ends it is an ACK or error, or the end of a dump.
Verdict Judge(const std::vector<uint8_t>& datagram, uint32_t sequence) {
  size_t offset = 0;
  while (offset + sizeof(nlmsghdr) <= datagram.size()) {
    nlmsghdr header;
    memcpy(&header, datagram.data() + offset, sizeof header);
    if (header.nlmsg_len < sizeof header) return Verdict::kNone;
    bool final = header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE;
    if (final && header.nlmsg_seq == sequence) {
      // Both begin with an errno, negative, or 0 (nlmsgerr, netlink_dump_done).
      int32_t error = 0;
      if (header.nlmsg_len >= NLMSG_HDRLEN + sizeof error && offset + NLMSG_HDRLEN + sizeof error <= datagram.size())
        memcpy(&error, datagram.data() + offset + NLMSG_HDRLEN, sizeof error);
      return error == 0 ? Verdict::kDone : Verdict::kRefused;
    }
    offset += NLMSG_ALIGN(header.nlmsg_len);
  }
  return Verdict::kNone;
}

class Transact : public Task {
 public:
  explicit Transact(const Napi::CallbackInfo& info) : Task(info.Env()), fd_(Duplicate(FdArg(info, 0))) {
    Napi::Array datagrams = info[1].As<Napi::Array>();
    Bytes sequences = BytesArg(info, 2);
    for (uint32_t i = 0; i < datagrams.Length(); i++) {
      Napi::Uint8Array bytes = datagrams.Get(i).As<Napi::Uint8Array>();
      Step step{{bytes.Data(), bytes.Data() + bytes.ByteLength()}, 0};
      memcpy(&step.sequence, sequences.data + i * sizeof step.sequence, sizeof step.sequence);
      steps_.push_back(std::move(step));
    }
  }

 private:
  struct Step {
    std::vector<uint8_t> datagram;
    uint32_t sequence;
  };

  void Run(Failure* failure) override {
    for (const Step& step : steps_) {
      if (!Send(step.datagram, failure)) return;
      Verdict verdict = Verdict::kNone;
      while (verdict == Verdict::kNone) {
        std::vector<uint8_t> datagram;
        uint32_t from = 0;
        if (!Receive(fd_.get(), 0, &datagram, &from, failure)) return DescribeSilence(failure);
        if (from != 0) continue;  // not from the kernel: any process may send to a netlink port
        verdict = Judge(datagram, step.sequence);
        answers_.push_back(std::move(datagram));
      }
      if (verdict == Verdict::kRefused) return;
    }
  }

  // The socket's receive timeout is over (SO_RCVTIMEO, socket(7)).
  static void DescribeSilence(Failure* failure) {
    if (failure->error == EAGAIN) failure->error = ETIMEDOUT;
  }

  bool Send(const std::vector<uint8_t>& datagram, Failure* failure) {
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    const sockaddr* address = reinterpret_cast<sockaddr*>(&kernel);
    ssize_t sent;
    do sent = sendto(fd_.get(), datagram.data(), datagram.size(), 0, address, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 || Failed(failure, "sendto");
  }

  Napi::Value Answer(Napi::Env env) override {
    Napi::Array array = Napi::Array::New(env, answers_.size());
    for (size_t i = 0; i < answers_.size(); i++) {
      array.Set(static_cast<uint32_t>(i), NewBytes(env, answers_[i].data(), answers_[i].size()));
    }
    return array;
  }

  OwnedFd fd_;
  std::vector<Step> steps_;
  std::vector<std::vector<uint8_t>> answers_;
};

Napi::Value NetlinkOpen(const Napi::CallbackInfo& info) {
  OpenSocket* task = new OpenSocket(info);
  // To enter another namespace takes a thread; in the own one a socket is a matter of microseconds.
  return info[0].IsUndefined() ? Task::RunHere(task) : Task::Start(task);
}

// netlinkAdopt(fd, protocol): makes a netlink socket that another process has opened, and not bound yet, one like ours.
// EPROTOTYPE for a socket of another kind.
Napi::Value NetlinkAdopt(const Napi::CallbackInfo& info) {
  int fd = FdArg(info, 0);
  int domain = 0, protocol = -1;
  socklen_t size = sizeof domain;
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) return Throw(info.Env(), "getsockopt", errno);
  if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) != 0) return Throw(info.Env(), "getsockopt", errno);
  if (domain != AF_NETLINK || protocol != NumberArg(info, 1, NETLINK_ROUTE))
    return Throw(info.Env(), "getsockopt", EPROTOTYPE);
  Failure failure;
  if (SetRules(fd, &failure) && BindAnywhere(fd, &failure)) return info.Env().Undefined();
  return Throw(info.Env(), failure.syscall, failure.error);
}

// netlinkTransact(fd, datagrams, sequences): sends the datagrams one after the other, each when the one before it was
// carried out, and none after one that was refused. Sequence n is that of the last message of datagram n.
Napi::Value NetlinkTransact(const Napi::CallbackInfo& info) {
  return Task::Start(new Transact(info));
}

// One datagram from the kernel without waiting, or undefined.
Napi::Value NetlinkReceive(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  for (;;) {
    std::vector<uint8_t> datagram;
    uint32_t from = 0;
    Failure failure;
    if (!Receive(FdArg(info, 0), MSG_DONTWAIT, &datagram, &from, &failure)) {
      if (failure.error == EAGAIN) return env.Undefined();
      return Throw(env, failure.syscall, failure.error);
    }
    if (from == 0) return NewBytes(env, datagram.data(), datagram.size());
  }
}

}  // namespace

void InitNetlink(Napi::Object exports) {
  Export(exports, "netlinkOpen", NetlinkOpen);
  Export(exports, "netlinkAdopt", NetlinkAdopt);
  Export(exports, "netlinkTransact", NetlinkTransact);
  Export(exports, "netlinkReceive", NetlinkReceive);
}

}  // namespace axo
