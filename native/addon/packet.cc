// SPDX-License-Identifier: Apache-2.0
// Packet sockets (packet(7)): whole frames of a namespace's devices, sent and received, with their time and VLAN tag.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <time.h>

#include "in_netns.h"
#include "modules.h"
#include "task.h"

namespace axo {
namespace {

// The largest frame: a GSO packet of IPv6 with jumbo option can pass 64 KiB, GSO_MAX_SIZE (linux/netdevice.h) is 8
// times that.
constexpr size_t kFrameBytes = 8 * 65536;
// Destination and source address: where a VLAN tag is put back in.
constexpr size_t kEthernetAddresses = 12;
constexpr size_t kVlanTag = 4;

bool SetOption(int fd, int level, int option, int value, Failure* failure) {
  if (setsockopt(fd, level, option, &value, sizeof value) == 0) return true;
  return Failed(failure, "setsockopt");
}

// packetOpen(netns, ifindex, receiveBytes): promise of a descriptor. Interface 0 means all of them.
class OpenPacket : public Task {
 public:
  explicit OpenPacket(const Napi::CallbackInfo& info)
      : Task(info.Env()),
        netns_(NetnsAt(info, 0)),
        ifindex_(static_cast<int>(NumberArg(info, 1, 0))),
        receive_bytes_(static_cast<int>(NumberArg(info, 2, 0))) {}

 private:
  void Run(Failure* failure) override {
    RunInNetns(netns_, failure, [this](Failure* f) { return Open(f); });
  }

  // Protocol 0 until it is bound: no frame of another interface gets in before (packet(7)).
  bool Open(Failure* failure) {
    OwnedFd fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0) return Failed(failure, "socket");
    if (!SetOption(fd.get(), SOL_PACKET, PACKET_AUXDATA, 1, failure) ||
        !SetOption(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, 1, failure)) {
      return false;
    }
    if (receive_bytes_ > 0 && !SetOption(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, receive_bytes_, failure)) return false;
    struct sockaddr_ll name = {};
    name.sll_family = AF_PACKET;
    name.sll_protocol = htons(ETH_P_ALL);
    name.sll_ifindex = ifindex_;
    if (bind(fd.get(), reinterpret_cast<struct sockaddr*>(&name), sizeof name) != 0) return Failed(failure, "bind");
    fd_ = std::move(fd);
    return true;
  }

  Napi::Value Answer(Napi::Env env) override { return Napi::Number::New(env, fd_.Release()); }

  NetnsTarget netns_;
  int ifindex_;
  int receive_bytes_;
  OwnedFd fd_;
};

struct Frame {
  struct sockaddr_ll from = {};
  struct timespec time = {};
  struct tpacket_auxdata aux = {};
};

void ReadControl(struct msghdr* message, Frame* frame) {
  for (struct cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level == SOL_PACKET && part->cmsg_type == PACKET_AUXDATA) {
      memcpy(&frame->aux, CMSG_DATA(part), sizeof frame->aux);
    } else if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_TIMESTAMPNS) {
      memcpy(&frame->time, CMSG_DATA(part), sizeof frame->time);
    }
  }
}

// The kernel keeps the VLAN tag beside the frame (struct tpacket_auxdata); this puts it back. Returns the new size.
size_t RestoreTag(uint8_t* data, size_t size, const struct tpacket_auxdata& aux) {
  if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0 || size < kEthernetAddresses) return size;
  uint16_t tpid = aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q;
  uint16_t tag[2] = {htons(tpid), htons(aux.tp_vlan_tci)};
  memmove(data + kEthernetAddresses + kVlanTag, data + kEthernetAddresses, size - kEthernetAddresses);
  memcpy(data + kEthernetAddresses, tag, kVlanTag);
  return size + kVlanTag;
}

Napi::Object ToObject(Napi::Env env, const Frame& frame, const uint8_t* data, size_t size) {
  Napi::Object object = Napi::Object::New(env);
  int64_t time = static_cast<int64_t>(frame.time.tv_sec) * 1000000000 + frame.time.tv_nsec;
  object.Set("data", NewBytes(env, data, size));
  object.Set("time", Napi::BigInt::New(env, time));
  object.Set("ifindex", Napi::Number::New(env, frame.from.sll_ifindex));
  object.Set("packetType", Napi::Number::New(env, frame.from.sll_pkttype));
  object.Set("hardwareType", Napi::Number::New(env, frame.from.sll_hatype));
  return object;
}

// packetReceive(fd): one frame without waiting, or undefined.
Napi::Value Receive(const Napi::CallbackInfo& info) {
  static thread_local std::vector<uint8_t> buffer(kFrameBytes + kVlanTag);
  Napi::Env env = info.Env();
  Frame frame;
  alignas(struct cmsghdr) uint8_t control[256];
  iovec vector{buffer.data(), kFrameBytes};
  msghdr message{};
  message.msg_name = &frame.from;
  message.msg_namelen = sizeof frame.from;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do count = recvmsg(FdArg(info, 0), &message, MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return env.Undefined();
  if (count < 0) return Throw(env, "recvmsg", errno);
  ReadControl(&message, &frame);
  size_t size = RestoreTag(buffer.data(), static_cast<size_t>(count), frame.aux);
  return ToObject(env, frame, buffer.data(), size);
}

// packetDrops(fd): frames that did not fit the receive buffer since the last call.
Napi::Value Drops(const Napi::CallbackInfo& info) {
  struct tpacket_stats stats = {};
  socklen_t size = sizeof stats;
  if (getsockopt(FdArg(info, 0), SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) {
    return Throw(info.Env(), "getsockopt", errno);
  }
  return Napi::Number::New(info.Env(), stats.tp_drops);
}

Napi::Value Open(const Napi::CallbackInfo& info) {
  return Task::Start(new OpenPacket(info));
}

}  // namespace

void InitPacket(Napi::Object exports) {
  Export(exports, "packetOpen", Open);
  Export(exports, "packetReceive", Receive);
  Export(exports, "packetDrops", Drops);
}

}  // namespace axo
