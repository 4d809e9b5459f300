// SPDX-License-Identifier: Apache-2.0
// Writes that never wait, on descriptors whose flags belong to others too: standard error is often shared, and
// O_NONBLOCK would be set for everybody.
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

// Of a pipe that is writable there is room for PIPE_BUF bytes (poll(2), pipe(7)); a terminal that is stopped is not
// writable.
ssize_t WriteWhereWritable(int fd, const Bytes& data) {
  pollfd one{fd, POLLOUT, 0};
  int ready = poll(&one, 1, 0);
  if (ready < 0) return -1;
  if (ready == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd, data.data, std::min<size_t>(data.size, PIPE_BUF));
}

// writeNow(fd, data): how many bytes the kernel took, 0 when it would have had to wait.
Napi::Value WriteNow(const Napi::CallbackInfo& info) {
  int fd = FdArg(info, 0);
  Bytes data = BytesArg(info, 1);
  ssize_t taken = send(fd, data.data, data.size, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (taken < 0 && errno == ENOTSOCK) taken = WriteWhereWritable(fd, data);
  if (taken >= 0) return Napi::Number::New(info.Env(), static_cast<double>(taken));
  if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return Napi::Number::New(info.Env(), 0);
  return Throw(info.Env(), "write", errno);
}

}  // namespace

void InitWrite(Napi::Object exports) {
  Export(exports, "writeNow", WriteNow);
}

}  // namespace axo
