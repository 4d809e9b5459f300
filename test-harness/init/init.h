// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Process 1 of a test machine, virtual or of a lab: one static program that runs commands for the harness; and what
 * the harness would otherwise ask several programs of the real machine for (netns.c, reap.c). boot.c makes a virtual
 * machine's file systems, lab.c a lab machine's namespaces and mounts. wire.c exchanges frames with the harness,
 * command.c starts a command, serve.c follows all commands to their end.
 */

/* Kinds of frames; wire.ts has the same letters, and a test compares them. */
enum frame_kind {
  FRAME_READY = 'R',   /* to the harness: the kernel's release */
  FRAME_STARTED = 'S', /* to the harness: the command's process, four bytes, as numbered in the machine */
  FRAME_STDOUT = 'O',  /* to the harness: bytes that the command wrote */
  FRAME_STDERR = 'E',  /* to the harness: bytes that the command wrote */
  FRAME_EXIT = 'X',    /* to the harness: two bytes, exit status and signal, one of them 0 */
  FRAME_CLOSED = 'Z',  /* to the harness, after EXIT: no process holds the command's output open any more */
  FRAME_COMMAND = 'C', /* from the harness: see command.c */
  FRAME_SIGNAL = 'K',  /* from the harness: one byte, a signal for the command's process */
};

/* Nine bytes, kind, command and length (little endian), and as many bytes of payload. READY belongs to command 0. */
struct frame {
  uint8_t kind;
  uint32_t command;
  uint32_t length;
  uint8_t* payload;
};

/* What the machine adds to each command: its cgroup and cgroup namespace, or -1 for both in a virtual machine. */
struct machine {
  int cgroup;
  int cgroup_namespace;
};

/* A command from its start until its last output. */
struct command {
  struct command* next;
  uint32_t id;
  pid_t process; /* 0 after its end */
  int output[2]; /* stdout and stderr, read here; -1 after the end of file */
  int input;     /* stdin, written here; -1 when all is written */
  uint8_t* payload;
  const uint8_t* rest; /* of the payload: what is still to be written */
  size_t rest_length;
};

/* Writes to stderr what failed and why, and ends. The end of process 1 panics the kernel of a virtual machine. */
_Noreturn void die(const char* doing, const char* what);

void must_mount(const char* source, const char* target, const char* type, unsigned long flags, const char* data);
void boot_load_modules(void);
void boot_mount_root(void);
void boot_mount_kernel_file_systems(void);
void boot_bind_modules(void);
void boot_bring_up_loopback(void);
void boot_set_limits(void);
_Noreturn void boot_power_off(void);

/* Arguments of a lab machine: host name, mount point of cgroup2, the machine's cgroup, `real` or `scratch`. */
#define LAB_ARGUMENTS 4
/* The descriptor that a lab machine's process 1 finds its wire at. */
#define LAB_WIRE 3
/* Returns in process 1 of a new machine only. */
struct machine lab_enter(char** arguments);

/* fork(2) with namespace flags of clone(2); the child starts in the cgroup unless that is -1. */
pid_t fork_into(int cgroup, uint64_t flags);

/* Binds a new network namespace on a file. */
void netns_add(const char* path);
/* Takes such a file away, if it is there, and with it the namespace. */
void netns_remove(const char* path);

/* Waits for the end of its input, which comes when the lab is closed or its process dies in any way; then kills what is
 * left in the lab's cgroup and removes the cgroup. */
void reap_lab(const char* cgroup);

int wire_open_port(void);
void wire_send(int wire, uint8_t kind, uint32_t command, const void* payload, size_t length);
/* Waits for a frame, whose payload the caller frees. False when the harness has closed its end. */
int wire_receive(int wire, struct frame* frame);

/* Starts the command of a frame and takes its payload. Null when it could not be started, which the harness is told. */
struct command* command_start(int wire, struct frame* frame, const struct machine* machine);

/* Runs commands until the harness closes its end. */
void serve(int wire, const struct machine* machine);
