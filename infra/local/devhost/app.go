package devhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rightsdesk/rightsdesk/infra/local/devhost/ncrontab"
)

// app is one loaded app folder, with everything resolved.
type app struct {
	dir       string // absolute
	id        string // the host's id, which names the folder of locks and timer states
	program   string // the handler's, absolute
	host      hostFile
	settings  map[string]string // the environment of the host and of its handler
	functions []function        // in the order in which routes are tried: by name, ignoring case
}

type kind int

const (
	kindHTTP kind = iota
	kindQueue
	kindTimer
)

// function is one folder with a function.json, of a kind that is supported.
type function struct {
	name    string
	kind    kind
	binding string // the trigger's name, and so the member of Data

	route   route           // HTTP
	methods map[string]bool // HTTP; nil allows every method

	queue   string // queue
	storage string // queue: connection string
	binary  bool   // queue: dataType binary

	schedule  ncrontab.Schedule // timer
	monitored bool              // timer: its state is kept
}

// loadApp reads the folder. Every refusal is one sentence that names the file and what is wrong.
func loadApp(opts Options) (*app, error) {
	dir, err := filepath.Abs(opts.App)
	if err != nil {
		return nil, err
	}
	a := &app{dir: dir}
	if a.settings, err = readSettings(dir, opts); err != nil {
		return nil, err
	}
	if a.host, err = readHost(dir); err != nil {
		return nil, err
	}
	if a.functions, err = a.readFunctions(); err != nil {
		return nil, err
	}
	if len(a.functions) == 0 {
		return nil, fmt.Errorf("%s: no function is enabled", dir)
	}
	if a.program = a.host.CustomHandler.Description.DefaultExecutablePath; !filepath.IsAbs(a.program) {
		a.program = filepath.Join(dir, a.program)
	}
	if _, err := exec.LookPath(a.program); err != nil {
		return nil, fmt.Errorf("host.json: customHandler/description/defaultExecutablePath: %w", err)
	}
	a.id = a.settings["AzureFunctionsWebHost__hostid"]
	if a.id == "" {
		sum := sha256.Sum256([]byte(dir))
		a.id = "devhost-" + hex.EncodeToString(sum[:8])
	}
	return a, nil
}

// readSettings reads local.settings.json. This process's environment wins over it, and opts win
// over both.
func readSettings(dir string, opts Options) (map[string]string, error) {
	var local struct{ Values map[string]string }
	if err := readJSON(filepath.Join(dir, "local.settings.json"), &local, false); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	settings := map[string]string{}
	maps.Copy(settings, local.Values)
	for _, pair := range slices.Concat(os.Environ(), opts.Env) {
		if name, value, ok := strings.Cut(pair, "="); ok {
			settings[name] = value
		}
	}
	for name := range settings {
		if _, ok := cutPrefixFold(name, "AzureFunctionsJobHost__"); ok {
			return nil, fmt.Errorf("setting %s: settings over host.json are not supported by the dev host", name)
		}
	}
	if opts.Storage != "" {
		settings["AzureWebJobsStorage"] = opts.Storage
	}
	return settings, nil
}
