package main

import (
	"fmt"
	"net"
	"strconv"
)

// listener is an address that the world needs, and what for.
type listener struct{ addr, what string }

func (w *world) listeners() []listener {
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	return []listener{
		{at(w.azurite.BlobPort), "Azurite's blobs"},
		{at(w.azurite.QueuePort), "Azurite's queues"},
		{at(w.azurite.TablePort), "Azurite's tables"},
		{w.tenantAddr, "the simulated tenant"},
		{at(w.port), "the API (PORT=… takes another)"},
	}
}

// freePorts says in words which address is taken.
func freePorts(needed []listener) error {
	for _, l := range needed {
		ln, err := net.Listen("tcp4", l.addr)
		if err != nil {
			return fmt.Errorf("%s is needed for %s, but something listens there already: perhaps another `make run` or Azurite; stop it and try again", l.addr, l.what)
		}
		_ = ln.Close()
	}
	return nil
}
