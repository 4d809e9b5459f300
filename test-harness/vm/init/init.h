// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Process 1 of a test machine: static, so that it runs from an initramfs without libraries.
 * boot.c makes the file systems, wire.c speaks with the host over one virtio serial port, command.c runs what the host
 * asks for.
 */

/* Kinds of frames; test-harness/vm/wire.ts has the same letters. */
enum frame_kind {
  FRAME_READY = 'R',   /* to the host: the kernel's release */
  FRAME_STDOUT = 'O',  /* to the host: bytes that the command wrote */
  FRAME_STDERR = 'E',  /* to the host: bytes that the command wrote */
  FRAME_END = 'X',     /* to the host: two bytes, exit status and signal, one of them 0 */
  FRAME_COMMAND = 'C', /* from the host: see command.c */
};

/* One frame is five bytes, kind and length (little endian), and as many bytes of payload. */
struct frame {
  uint8_t kind;
  uint32_t length;
  uint8_t* payload;
};

/* Says on the console what failed and why, and panics the kernel by ending: the host shows the console. */
_Noreturn void die(const char* doing, const char* what);

void boot_load_modules(void);
void boot_mount_root(void);
void boot_mount_kernel_file_systems(void);
void boot_bind_modules(void);
void boot_bring_up_loopback(void);
void boot_set_limits(void);
_Noreturn void boot_power_off(void);

int wire_open(void);
void wire_send(int wire, uint8_t kind, const void* payload, size_t length);
/* Waits for a frame, which the caller frees. False at the end of the conversation: the host is gone. */
int wire_receive(int wire, struct frame* frame);

void command_run(int wire, const struct frame* frame);
