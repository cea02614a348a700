package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoopbackOnly(t *testing.T) {
	t.Parallel()
	for addr, ok := range map[string]bool{
		"127.0.0.1:7080": true, "localhost:7080": true, "[::1]:0": true,
		"0.0.0.0:7080": false, ":7080": false, "192.0.2.1:7080": false, "example.org:7080": false, "127.0.0.1": false,
	} {
		require.Equal(t, ok, loopbackOnly(addr) == nil, addr)
	}
}
