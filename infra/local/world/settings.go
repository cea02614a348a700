package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/rightsdesk/rightsdesk/infra/local/azurite"
)

// settings are what the local world is made of. All paths are absolute.
type settings struct {
	root       string
	state      string // .local
	port       int    // of the API
	tenantAddr string
	reset      bool
	coreTools  bool // HOST=func
	azurite    azurite.Options
	storage    string   // AzureWebJobsStorage; empty takes the ports that Azurite has chosen
	tenant     []string // the simulated tenant's command line
	host       []string // the host's command line
	hostDir    string
	readyLimit time.Duration
}

func settingsOf(getenv func(string) string) (settings, error) {
	root, err := os.Getwd()
	if err != nil {
		return settings{}, fmt.Errorf("find the project's folder: %w", err)
	}
	s := settings{root: root, state: filepath.Join(root, ".local"), port: 7071, tenantAddr: "127.0.0.1:7080", readyLimit: 30 * time.Second}
	if p := getenv("PORT"); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return settings{}, fmt.Errorf("PORT must be a number from 1 to 65535")
		}
	}
	switch getenv("RESET") {
	case "", "0":
	case "1":
		s.reset = true
	default:
		return settings{}, fmt.Errorf("RESET must be 1 (start with empty state) or 0")
	}
	switch getenv("HOST") {
	case "", "devhost":
	case "func":
		s.coreTools = true
	default:
		return settings{}, fmt.Errorf("HOST must be devhost (the default, which comes with the project) or func (Azure Functions Core Tools)")
	}
	s.azurite = azurite.Options{Dir: filepath.Join(s.state, "azurite"), BlobPort: azurite.BlobPort, QueuePort: azurite.QueuePort, TablePort: azurite.TablePort}
	s.storage = "UseDevelopmentStorage=true"
	s.commands(filepath.Join(root, "dist", "bin"), filepath.Join(root, "dist", "app"))
	return s, nil
}

// commands fills in what is started. Bin is the folder of the local world's programs, app the app
// folder.
func (s *settings) commands(bin, app string) {
	s.tenant = []string{filepath.Join(bin, "tenant"), "--addr", s.tenantAddr, "--state", filepath.Join(s.state, "tenant")}
	s.host = []string{filepath.Join(bin, "devhost"), "--app", app, "--port", strconv.Itoa(s.port), "--workers", "1"}
	s.hostDir = s.root
	if s.coreTools {
		s.hostDir, s.host = app, []string{"func", "start", "--port", strconv.Itoa(s.port)}
	}
}

// values are the app settings of the handler, as a function app would have them.
func (s settings) values() map[string]string {
	return map[string]string{
		"AzureWebJobsStorage":      s.storage,
		"FUNCTIONS_WORKER_RUNTIME": "custom",
		"GOGC":                     "400",
		"GOMEMLIMIT":               "256MiB",
		"RIGHTSDESK_CONFIG":        filepath.Join(s.root, "infra", "local", "rightsdesk.yaml"),
		"RIGHTSDESK_KEYS":          filepath.Join(s.state, "keys.json"),
		"RIGHTSDESK_GRAPH":         "http://" + s.tenantAddr,
		"RIGHTSDESK_CLOCK":         "http://" + s.tenantAddr + "/clock",
	}
}
