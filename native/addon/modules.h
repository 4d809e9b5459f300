// SPDX-License-Identifier: Apache-2.0
// The parts of the addons: each adds its functions to the exports.
#pragma once

#include <napi.h>

namespace axo {

void InitNetns(Napi::Object exports);
void InitInet(Napi::Object exports);
void InitInterface(Napi::Object exports);
void InitFileLock(Napi::Object exports);
void InitUnixStream(Napi::Object exports);
void InitPacket(Napi::Object exports);
void InitNetlink(Napi::Object exports);
void InitUnix(Napi::Object exports);
void InitWatch(Napi::Object exports);
void InitWire(Napi::Object exports);
void InitWrite(Napi::Object exports);
void InitMemory(Napi::Object exports);
void InitMeter(Napi::Object exports);
void InitDeviceLock(Napi::Object exports);
void InitBpfObjects(Napi::Object exports);
void InitBpfMaps(Napi::Object exports);
void InitInspect(Napi::Object exports);
void InitLoader(Napi::Object exports);
void InitRingBuffer(Napi::Object exports);
void InitRingRecorder(Napi::Object exports);

}  // namespace axo
