// SPDX-License-Identifier: Apache-2.0
// axoneme-harness.node: tools of the test harness. No plugin and no daemon loads it.
#include "modules.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  (void)env;
  axo::InitPacket(exports);
  axo::InitWire(exports);
  axo::InitMeter(exports);
  axo::InitDeviceLock(exports);
  return exports;
}

NODE_API_MODULE(axoneme_harness, Init)
