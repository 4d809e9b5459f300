// SPDX-License-Identifier: Apache-2.0
// axoneme-sys.node: everything that needs no libbpf.
#include "modules.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  (void)env;
  axo::InitNetns(exports);
  axo::InitInet(exports);
  axo::InitInterface(exports);
  axo::InitFileLock(exports);
  axo::InitUnixStream(exports);
  axo::InitNetlink(exports);
  axo::InitUnix(exports);
  axo::InitWatch(exports);
  axo::InitWrite(exports);
  axo::InitMemory(exports);
  axo::InitBpfObjects(exports);
  axo::InitBpfMaps(exports);
  return exports;
}

NODE_API_MODULE(axoneme_sys, Init)
