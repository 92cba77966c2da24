// The fake cluster of franz-go, for as long as standard input is open: its settings are the arguments, KEY=VALUE,
// and the brokers' addresses are its one line of output.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/twmb/franz-go/pkg/kfake"
)

func main() {
	settings := map[string]string{}
	for _, argument := range os.Args[1:] {
		key, value, _ := strings.Cut(argument, "=")
		settings[key] = value
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.BrokerConfigs(settings))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer cluster.Close()
	fmt.Println(strings.Join(cluster.ListenAddrs(), ","))
	io.Copy(io.Discard, os.Stdin)
}
