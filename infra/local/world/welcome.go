package main

import (
	"fmt"
	"strings"
	"time"
)

// api is the address of the API.
func (w *world) api() string { return fmt.Sprintf("http://127.0.0.1:%d", w.port) }

// welcome prints the addresses.
func (w *world) welcome(took time.Duration) {
	host := "the dev host"
	if w.coreTools {
		host = "Azure Functions Core Tools"
	}
	for line := range strings.Lines(fmt.Sprintf(`ready after %s
  API       %s/api/requests  (contract: /api/openapi.json, behind %s)
  keys      x-api-key: local-dev-key | local-dev-key-readonly | local-dev-key-2
  tenant    http://%s  (the simulated Microsoft cloud; POST /clock {"advance":"744h"} moves the clock)
  storage   UseDevelopmentStorage=true  (Azurite on ports %d, %d and %d)
  state     .local  (make run RESET=1 starts empty)
Ctrl-C stops everything.
`, took.Round(100*time.Millisecond), w.api(), host, w.tenantAddr, w.azurite.BlobPort, w.azurite.QueuePort, w.azurite.TablePort)) {
		w.logs.say(strings.TrimSuffix(line, "\n"))
	}
}
