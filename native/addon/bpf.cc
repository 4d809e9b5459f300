// SPDX-License-Identifier: Apache-2.0
// axoneme-bpf.node: what needs libbpf.
#include "modules.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  (void)env;
  axo::InitInspect(exports);
  axo::InitLoader(exports);
  axo::InitRingBuffer(exports);
  axo::InitRingRecorder(exports);
  return exports;
}

NODE_API_MODULE(axoneme_bpf, Init)
