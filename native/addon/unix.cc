// SPDX-License-Identifier: Apache-2.0
// Unix stream sockets that carry descriptors (unix(7)): listen, accept, send, receive, who the peer is; and sealed
// memory files, which such a socket brings. Nothing here blocks.
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

// SCM_MAX_FD (net/scm.h): the kernel passes no more with one message.
constexpr size_t kMostFds = 253;

// False with ENAMETOOLONG for a path that does not fit.
bool NameOf(const std::string& path, sockaddr_un* name, socklen_t* size, Failure* failure) {
  *name = {};
  name->sun_family = AF_UNIX;
  if (path.size() >= sizeof name->sun_path) {
    failure->Set("bind", ENAMETOOLONG);
    return false;
  }
  memcpy(name->sun_path, path.data(), path.size());
  *size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return true;
}

int NewSocket() {
  return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool Bind(int fd, const std::string& path, mode_t mode, int backlog, Failure* failure) {
  sockaddr_un name;
  socklen_t size;
  if (!NameOf(path, &name, &size, failure)) return false;
  // The file is born with the socket's own mode less the umask (unix_bind): at no moment has it a wider one.
  if (fchmod(fd, mode) != 0) return Failed(failure, "fchmod");
  if (bind(fd, reinterpret_cast<sockaddr*>(&name), size) != 0) return Failed(failure, "bind");
  return listen(fd, backlog) == 0 || Failed(failure, "listen");
}

// unixListen(path, mode, backlog)
Napi::Value Listen(const Napi::CallbackInfo& info) {
  OwnedFd fd(NewSocket());
  if (fd.get() < 0) return Throw(info.Env(), "socket", errno);
  Failure failure;
  mode_t mode = static_cast<mode_t>(NumberArg(info, 1, 0600));
  if (!Bind(fd.get(), StringArg(info, 0), mode, static_cast<int>(NumberArg(info, 2, 0)), &failure))
    return Throw(info.Env(), failure.syscall, failure.error);
  return Napi::Number::New(info.Env(), fd.Release());
}

// unixAccept(fd): a descriptor, or undefined when no connection waits.
Napi::Value Accept(const Napi::CallbackInfo& info) {
  int fd = accept4(FdArg(info, 0), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) return Napi::Number::New(info.Env(), fd);
  // ECONNABORTED: it waited and went away.
  if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return info.Env().Undefined();
  return Throw(info.Env(), "accept4", errno);
}

// unixPeer(fd): [pid, uid, gid] of who connected, as of then.
Napi::Value Peer(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ucred who = {};
  socklen_t size = sizeof who;
  if (getsockopt(FdArg(info, 0), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return Throw(env, "getsockopt", errno);
  Napi::Array answer = Napi::Array::New(env, 3);
  answer.Set(0u, Napi::Number::New(env, who.pid));
  answer.Set(1u, Napi::Number::New(env, who.uid));
  answer.Set(2u, Napi::Number::New(env, who.gid));
  return answer;
}

std::vector<int> PassedFds(msghdr* message) {
  std::vector<int> fds;
  for (cmsghdr* one = CMSG_FIRSTHDR(message); one != nullptr; one = CMSG_NXTHDR(message, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    size_t before = fds.size();
    fds.resize(before + count);
    memcpy(fds.data() + before, CMSG_DATA(one), count * sizeof(int));
  }
  return fds;
}

// unixReceive(fd, most): {data, fds}, or undefined when there is nothing yet; no data: the peer is gone. Of more
// descriptors than the kernel passes at once, or that there is room for, some are lost: EMSGSIZE.
Napi::Value Receive(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::vector<uint8_t> room(static_cast<size_t>(std::max<int64_t>(NumberArg(info, 1, 0), 1)));
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(kMostFds * sizeof(int))];
  iovec vector{room.data(), room.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t count;
  do count = recvmsg(FdArg(info, 0), &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return env.Undefined();
  if (count < 0) return Throw(env, "recvmsg", errno);

  std::vector<int> fds = PassedFds(&message);
  if (message.msg_flags & MSG_CTRUNC) {
    for (int fd : fds) close(fd);
    return Throw(env, "recvmsg", EMSGSIZE);
  }
  Napi::Array numbers = Napi::Array::New(env, fds.size());
  for (size_t i = 0; i < fds.size(); i++) numbers.Set(static_cast<uint32_t>(i), Napi::Number::New(env, fds[i]));
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("data", NewBytes(env, room.data(), static_cast<size_t>(count)));
  answer.Set("fds", numbers);
  return answer;
}

// unixSend(fd, data, fds): how many bytes the kernel took, 0 when its buffer is full. The peer gets duplicates.
Napi::Value Send(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Bytes data = BytesArg(info, 1);
  Napi::Array numbers = info[2].As<Napi::Array>();
  size_t fds = std::min<size_t>(numbers.Length(), kMostFds);
  alignas(cmsghdr) uint8_t control[CMSG_SPACE(kMostFds * sizeof(int))] = {};
  iovec vector{data.data, data.size};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  if (fds > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(fds * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds * sizeof(int));
    int* first = reinterpret_cast<int*>(CMSG_DATA(header));
    for (size_t i = 0; i < fds; i++) first[i] = numbers.Get(static_cast<uint32_t>(i)).As<Napi::Number>().Int32Value();
  }
  ssize_t sent;
  do sent = sendmsg(FdArg(info, 0), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN) return Throw(env, "sendmsg", errno);
  return Napi::Number::New(env, std::max<ssize_t>(sent, 0));
}

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// memfdCreate(data): a sealed memory file that holds `data`.
Napi::Value MemfdCreate(const Napi::CallbackInfo& info) {
  Bytes data = BytesArg(info, 0);
  OwnedFd fd(memfd_create("axoneme", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) return Throw(info.Env(), "memfd_create", errno);
  for (size_t done = 0; done < data.size;) {
    ssize_t count = write(fd.get(), data.data + done, data.size - done);
    if (count < 0 && errno != EINTR) return Throw(info.Env(), "write", errno);
    if (count > 0) done += static_cast<size_t>(count);
  }
  if (fcntl(fd.get(), F_ADD_SEALS, kSeals | F_SEAL_SEAL) != 0) return Throw(info.Env(), "fcntl", errno);
  return Napi::Number::New(info.Env(), fd.Release());
}

// memfdRead(fd, most): all of a sealed memory file, from its beginning. EINVAL for any other file: reading one could
// wait for ever; EPERM for one that may still change; EFBIG for one of more than `most` bytes.
Napi::Value MemfdRead(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  int fd = FdArg(info, 0);
  int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) return Throw(env, "fcntl", errno);
  if ((seals & kSeals) != kSeals) return Throw(env, "fcntl", EPERM);
  struct stat status;
  if (fstat(fd, &status) != 0) return Throw(env, "fstat", errno);
  if (status.st_size > NumberArg(info, 1, 0)) return Throw(env, "fstat", EFBIG);
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, static_cast<size_t>(status.st_size));
  for (size_t done = 0; done < bytes.ByteLength();) {
    ssize_t count = pread(fd, bytes.Data() + done, bytes.ByteLength() - done, static_cast<off_t>(done));
    if (count == 0) return Throw(env, "pread", EIO);
    if (count < 0 && errno != EINTR) return Throw(env, "pread", errno);
    if (count > 0) done += static_cast<size_t>(count);
  }
  return bytes;
}

}  // namespace

void InitUnix(Napi::Object exports) {
  Export(exports, "unixListen", Listen);
  Export(exports, "unixAccept", Accept);
  Export(exports, "unixPeer", Peer);
  Export(exports, "unixReceive", Receive);
  Export(exports, "unixSend", Send);
  Export(exports, "memfdCreate", MemfdCreate);
  Export(exports, "memfdRead", MemfdRead);
}

}  // namespace axo
