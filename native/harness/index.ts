/**
 * What the test harness asks of the kernel beyond what a node needs: frames of a packet socket, TAP devices joined by a slow wire, load between
 * two namespaces, and a held lock on devices. In an addon of its own, so that no executable of a node carries it.
 */
export { holdDeviceLock } from './device-lock.ts';
export { type Measurement, type MeterOptions, measure } from './meter.ts';
export { droppedFrames, openPacketSocket, type PacketFrame, type PacketSocketOptions, receiveFrame } from './packet.ts';
export { openTap, setCarrier, Wire } from './wire.ts';
