/** True when a device is named by `devices`: by its name, or by a beginning with a trailing `+` (`eth+`). */
export function isSelectedDevice(devices: readonly string[], name: string): boolean {
  return devices.some((pattern) => (pattern.endsWith('+') ? name.startsWith(pattern.slice(0, -1)) : name === pattern));
}
