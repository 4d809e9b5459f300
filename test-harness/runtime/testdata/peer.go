// The real libcni behind a command, as a witness for the harness's runtime: peer VERB CONFDIR NETWORK CONTAINERID NETNS IFNAME PLUGINDIR.
// VERB is add, check, del, validate, cached (the result) or config (the cached configuration and arguments). The Debian
// packages golang-go and golang-github-appc-cni-dev build it:
// GO111MODULE=off GOPATH=/usr/share/gocode go build peer.go
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/containernetworking/cni/libcni"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	verb, ctx := os.Args[1], context.Background()
	list, err := libcni.LoadConfList(os.Args[2], os.Args[3])
	must(err)
	rt := &libcni.RuntimeConf{
		ContainerID:    os.Args[4],
		NetNS:          os.Args[5],
		IfName:         os.Args[6],
		Args:           [][2]string{{"IgnoreUnknown", "1"}, {"K8S_POD_NAME", "web"}},
		CapabilityArgs: map[string]interface{}{"mac": "02:00:00:00:00:07"},
	}
	cni := libcni.NewCNIConfig([]string{os.Args[7]}, nil)
	var answer interface{}
	switch verb {
	case "add":
		answer, err = cni.AddNetworkList(ctx, list, rt)
	case "check":
		err = cni.CheckNetworkList(ctx, list, rt)
	case "del":
		err = cni.DelNetworkList(ctx, list, rt)
	case "cached":
		answer, err = cni.GetNetworkListCachedResult(list, rt)
	case "validate":
		answer, err = cni.ValidateNetworkList(ctx, list)
	case "config":
		var bytes []byte
		var old *libcni.RuntimeConf
		bytes, old, err = cni.GetNetworkListCachedConfig(list, rt)
		answer = map[string]interface{}{"config": string(bytes), "runtime": old}
	}
	must(err)
	must(json.NewEncoder(os.Stdout).Encode(answer))
}
