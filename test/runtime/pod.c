// SPDX-License-Identifier: Apache-2.0
// The only program of the test image, static, so that the image needs nothing else:
//   pod pause            waits for ever: the sandbox's own container
//   pod serve            answers every TCP connection to port 80, of both families, with a greeting
//   pod get ADDRESS      prints what port 80 of an address answers; waits 2 s at most
//   pod addresses        prints the addresses of eth0, one per line, as address/length
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int fail(const char* what) {
  perror(what);
  return 1;
}

static int serve(void) {
  static const char greeting[] = "hello from a container\n";
  struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
  int server = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // a dual-stack socket: IPV6_V6ONLY is off unless net.ipv6.bindv6only says otherwise (ipv6(7))
  if (server < 0 || bind(server, (struct sockaddr*)&any, sizeof(any)) != 0 || listen(server, 16) != 0)
    return fail("listen on port 80");
  for (;;) {
    int client = accept(server, NULL, NULL);
    if (client < 0) continue;
    if (write(client, greeting, sizeof(greeting) - 1) < 0) perror("answer");
    close(client);
  }
}

static int get(const char* address) {
  struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(80)};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
  int is_ipv4 = inet_pton(AF_INET, address, &ipv4.sin_addr) == 1;
  if (!is_ipv4 && inet_pton(AF_INET6, address, &ipv6.sin6_addr) != 1) return fail("read address");
  int client = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // SO_SNDTIMEO bounds connect(2) as well (socket(7))
  struct timeval patience = {.tv_sec = 2};
  setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  struct sockaddr* to = is_ipv4 ? (struct sockaddr*)&ipv4 : (struct sockaddr*)&ipv6;
  if (connect(client, to, is_ipv4 ? sizeof(ipv4) : sizeof(ipv6)) != 0) return fail("connect");
  char answer[256];
  ssize_t length;
  while ((length = read(client, answer, sizeof(answer))) > 0) fwrite(answer, 1, (size_t)length, stdout);
  return length == 0 ? 0 : fail("read answer");
}

static int prefix_length(const unsigned char* mask, int bytes) {
  int length = 0;
  for (int i = 0; i < bytes; i++) length += __builtin_popcount(mask[i]);
  return length;
}

static int addresses(void) {
  struct ifaddrs* all;
  if (getifaddrs(&all) != 0) return fail("list addresses");
  for (struct ifaddrs* one = all; one != NULL; one = one->ifa_next) {
    if (strcmp(one->ifa_name, "eth0") != 0 || one->ifa_addr == NULL) continue;
    int is_ipv4 = one->ifa_addr->sa_family == AF_INET;
    if (!is_ipv4 && one->ifa_addr->sa_family != AF_INET6) continue;
    const struct in6_addr* ipv6 = &((struct sockaddr_in6*)one->ifa_addr)->sin6_addr;
    if (!is_ipv4 && IN6_IS_ADDR_LINKLOCAL(ipv6)) continue;
    const void* address = is_ipv4 ? (void*)&((struct sockaddr_in*)one->ifa_addr)->sin_addr : (void*)ipv6;
    const void* mask = is_ipv4 ? (void*)&((struct sockaddr_in*)one->ifa_netmask)->sin_addr
                               : (void*)&((struct sockaddr_in6*)one->ifa_netmask)->sin6_addr;
    char text[INET6_ADDRSTRLEN];
    printf("%s/%d\n", inet_ntop(one->ifa_addr->sa_family, address, text, sizeof(text)),
           prefix_length(mask, is_ipv4 ? 4 : 16));
  }
  return 0;
}

int main(int count, char** words) {
  if (count == 2 && strcmp(words[1], "serve") == 0) return serve();
  if (count == 2 && strcmp(words[1], "addresses") == 0) return addresses();
  if (count == 3 && strcmp(words[1], "get") == 0) return get(words[2]);
  if (count == 2 && strcmp(words[1], "pause") == 0)
    for (;;) pause();
  fprintf(stderr, "usage: pod pause | serve | get ADDRESS | addresses\n");
  return 2;
}
