// SPDX-License-Identifier: Apache-2.0
// Locks on files that belong to an open file description (F_OFD_SETLK, fcntl(2)): the kernel frees one with the
// process that holds it, and reports it to any process, in any network namespace, without the holder's help.
#include <sys/stat.h>

#include "common.h"
#include "modules.h"

namespace axo {
namespace {

struct flock WholeFile() {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool IsSameFile(int fd, const std::string& path) {
  struct stat open_file, named;
  return fstat(fd, &open_file) == 0 && stat(path.c_str(), &named) == 0 && open_file.st_dev == named.st_dev &&
         open_file.st_ino == named.st_ino;
}

// fileLockTake(path) answers the descriptor that holds the lock, or undefined when another one holds it.
Napi::Value Take(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  std::string path = StringArg(info, 0);
  for (;;) {
    OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (fd.get() < 0) return Throw(env, "open", errno);
    struct flock lock = WholeFile();
    if (fcntl(fd.get(), F_OFD_SETLK, &lock) != 0)
      return errno == EAGAIN || errno == EACCES ? env.Undefined() : Throw(env, "fcntl", errno);
    // Removed between open and lock, as by `axoneme daemon --cleanup`: the lock would be invisible.
    if (IsSameFile(fd.get(), path)) return Napi::Number::New(env, fd.Release());
  }
}

// fileLockIsHeld(path): false also where there is no such file.
Napi::Value IsHeld(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  OwnedFd fd(open(StringArg(info, 0).c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return errno == ENOENT ? Napi::Boolean::New(env, false) : Throw(env, "open", errno);
  struct flock lock = WholeFile();
  if (fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) return Throw(env, "fcntl", errno);
  return Napi::Boolean::New(env, lock.l_type != F_UNLCK);
}

}  // namespace

void InitFileLock(Napi::Object exports) {
  Export(exports, "fileLockTake", Take);
  Export(exports, "fileLockIsHeld", IsHeld);
}

}  // namespace axo
