#!/bin/bash
# A CNI plugin in 40 lines: a veth pair with the addresses of the IPAM plugin that the configuration names, and routes on both sides.
set -uo pipefail
version=1.0.0
say() { echo "{\"cniVersion\":\"$version\",$1}"; }
fail() { say "\"code\":$1,\"msg\":\"$2\""; exit 1; }
values() { grep -oP "\"$1\":\s*\"\K[^\"]+" <<<"$2"; }
in_pod() { nsenter --net="$CNI_NETNS" ip "$@"; }
ipam() { PATH=$CNI_PATH:$PATH "$(grep -oP '"ipam":.*?"type":\s*"\K[^"]+' <<<"$config")" <<<"$config"; }
connect() {
  echo 1 | tee /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding &&
    ip link add "$host" type veth peer name "$CNI_IFNAME" netns "$CNI_NETNS" && echo 0 >"/proc/sys/net/ipv6/conf/$host/accept_dad" &&
    ip link set "$host" up && in_pod link set "$CNI_IFNAME" up && while read -r address gateway; do
      [[ $address = *:* ]] && all=::/0 bits=128 dad=nodad || all=default bits=32 dad=
      ip addr add "$gateway/$bits" dev "$host" $dad && ip route add "${address%/*}" dev "$host" &&
        in_pod addr add "$address" dev "$CNI_IFNAME" noprefixroute $dad && in_pod route append "$gateway" dev "$CNI_IFNAME" &&
        in_pod route append "$all" via "$gateway" dev "$CNI_IFNAME" || return
    done < <(paste -d ' ' <(values address "$lease") <(values gateway "$lease"))
} >&2
[ "${CNI_COMMAND-}" = VERSION ] && { say '"supportedVersions":["1.0.0"]'; exit; }
config=$(tr -d '\n') missing=
for name in CNI_COMMAND CNI_CONTAINERID CNI_IFNAME CNI_NETNS; do [ "$name ${CNI_COMMAND-}" = "CNI_NETNS DEL" ] || [ -n "${!name-}" ] || missing+=" $name"; done
[ -z "$missing" ] || fail 4 "missing:$missing"
[[ $config = {*} && ! $config =~ ,[[:space:]]*[]}] ]] || fail 6 "the configuration is not a JSON object"
values name "$config" >/dev/null || fail 7 "the network has no name"
[ "$(values cniVersion "$config" | head -1)" = 1.0.0 ] || fail 1 "only version 1.0.0 is supported"
host=bash$(sha256sum <<<"$CNI_CONTAINERID $CNI_IFNAME" | head -c 11)
case $CNI_COMMAND in
  ADD) [[ $config = *'"prevResult"'* ]] && fail 7 "this plugin must be the first of its chain"
    in_pod link show "$CNI_IFNAME" >/dev/null 2>&1 && fail 100 "$CNI_IFNAME exists in the pod"
    lease=$(ipam | tr -d '\n') || { echo "${lease:-$(fail 103 "the IPAM plugin cannot be called")}"; CNI_COMMAND=DEL ipam >/dev/null 2>&1; exit 1; }
    connect || { ip link del "$host"; CNI_COMMAND=DEL ipam >/dev/null; fail 101 "connecting the pod failed"; } 2>/dev/null
    mac=$(in_pod -br link show "$CNI_IFNAME" | awk '{ print $3 }')
    ips=$(sed -E 's/.*"ips":\s*(\[[^]]*\]).*/\1/; s/"address"/"interface":1,"address"/g' <<<"$lease")
    say "\"interfaces\":[{\"name\":\"$host\"},{\"name\":\"$CNI_IFNAME\",\"mac\":\"$mac\",\"sandbox\":\"$CNI_NETNS\"}],\"ips\":$ips" ;;
  DEL) ipam && { ip link del "$host" 2>/dev/null || true; } ;;
  CHECK) [[ $config = *'"prevResult"'* ]] || fail 7 "CHECK needs a prevResult"; ipam && for a in $(values address "${config#*prevResult}"); do
      in_pod -br addr show "$CNI_IFNAME" | grep -q " $a" || fail 102 "$a is missing on $CNI_IFNAME"; done ;;
  *) fail 4 "CNI_COMMAND $CNI_COMMAND is unknown" ;;
esac
