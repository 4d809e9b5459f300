// SPDX-License-Identifier: Apache-2.0
// A look at one interface of the process's own namespace by netdevice(7), whose reads wait for no RTNL (dev_ioctl,
// net/core/dev_ioctl.c): short enough for the main thread, even while other processes change devices.
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

constexpr size_t kMacBytes = 6;

// interfaceGet(ifindex) answers { name, flags, mac, mtu }, or undefined when no interface has that index.
Napi::Value Get(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Throw(env, "socket", errno);
  ifreq name{}, flags{}, address{}, mtu{};
  name.ifr_ifindex = static_cast<int>(NumberArg(info, 0, 0));
  bool found = ioctl(fd.get(), SIOCGIFNAME, &name) == 0;
  if (found) {
    memcpy(flags.ifr_name, name.ifr_name, IFNAMSIZ);
    memcpy(address.ifr_name, name.ifr_name, IFNAMSIZ);
    memcpy(mtu.ifr_name, name.ifr_name, IFNAMSIZ);
    // Gone or renamed between two reads: as good as gone.
    found = ioctl(fd.get(), SIOCGIFFLAGS, &flags) == 0 && ioctl(fd.get(), SIOCGIFHWADDR, &address) == 0 &&
            ioctl(fd.get(), SIOCGIFMTU, &mtu) == 0;
  }
  if (!found) return errno == ENODEV || errno == ENXIO ? env.Undefined() : Throw(env, "ioctl", errno);
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("name", Napi::String::New(env, name.ifr_name));
  answer.Set("flags", Napi::Number::New(env, static_cast<uint16_t>(flags.ifr_flags)));
  answer.Set("mac", NewBytes(env, address.ifr_hwaddr.sa_data, kMacBytes));
  answer.Set("mtu", Napi::Number::New(env, mtu.ifr_mtu));
  return answer;
}

}  // namespace

void InitInterface(Napi::Object exports) {
  Export(exports, "interfaceGet", Get);
}

}  // namespace axo
