package main

import (
	"fmt"
	"net"
	"strconv"
)

// listener is an address that the world needs, and what for.
type listener struct{ addr, what string }

func (s settings) listeners() []listener {
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	return []listener{
		{at(s.azurite.BlobPort), "Azurite's blobs"},
		{at(s.azurite.QueuePort), "Azurite's queues"},
		{at(s.azurite.TablePort), "Azurite's tables"},
		{s.tenantAddr, "the simulated tenant"},
		{at(s.port), "the API (PORT=… takes another)"},
	}
}

// freePorts returns an error that names the first address that is taken.
func freePorts(needed []listener) error {
	for _, l := range needed {
		ln, err := net.Listen("tcp4", l.addr)
		if err != nil {
			return fmt.Errorf("%s is needed for %s, but something listens there already, perhaps another `make run` or Azurite: stop it and try again", l.addr, l.what)
		}
		_ = ln.Close()
	}
	return nil
}
