// SPDX-License-Identifier: Apache-2.0
// TCP, UDP and SCTP sockets that live in a chosen network namespace. libuv takes them over from there.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

class InetOpen : public Task {
 public:
  explicit InetOpen(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        family_(static_cast<int>(NumberArg(info, 1, AF_INET))),
        type_(static_cast<int>(NumberArg(info, 2, SOCK_STREAM))),
        address_(StringArg(info, 3)),
        port_(static_cast<uint16_t>(NumberArg(info, 4, 0))),
        protocol_(static_cast<int>(NumberArg(info, 5, 0))) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) {
      fd_.Reset(socket(family_, type_ | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol_));
      if (fd_.get() < 0) return Failed(f, "socket");
      return address_.empty() || Bind(f);
    });
  }

  bool Bind(Failure* failure) {
    int on = 1;
    // Not for datagrams: there it would let two servers share a port (socket(7)).
    if (type_ == SOCK_STREAM) setsockopt(fd_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family_ == AF_INET) {
      struct sockaddr_in name = {};
      name.sin_family = AF_INET;
      name.sin_port = htons(port_);
      return Parsed(inet_pton(AF_INET, address_.c_str(), &name.sin_addr), failure) &&
             BindTo(&name, sizeof name, failure);
    }
    setsockopt(fd_.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    struct sockaddr_in6 name = {};
    name.sin6_family = AF_INET6;
    name.sin6_port = htons(port_);
    return Parsed(inet_pton(AF_INET6, address_.c_str(), &name.sin6_addr), failure) &&
           BindTo(&name, sizeof name, failure);
  }

  bool Parsed(int answer, Failure* failure) {
    if (answer == 1) return true;
    failure->Set("inet_pton", EINVAL);
    return false;
  }

  bool BindTo(const void* name, socklen_t size, Failure* failure) {
    if (bind(fd_.get(), static_cast<const struct sockaddr*>(name), size) == 0) return true;
    return Failed(failure, "bind");
  }

  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  NetnsTarget netns_;
  int family_;
  int type_;
  std::string address_;
  uint16_t port_;
  int protocol_;
  OwnedFd fd_;
};

Napi::Value Open(const Napi::CallbackInfo& info) {
  return Task::Start(new InetOpen(info));
}

}  // namespace

void InitInet(Napi::Object exports) {
  Export(exports, "inetOpen", Open);
}

}  // namespace axo
