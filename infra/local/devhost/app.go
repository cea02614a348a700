package devhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// app is one loaded app folder, with everything resolved.
type app struct {
	dir       string // absolute
	id        string // the host id: names the folder of locks and timer states
	host      hostConfig
	settings  map[string]string // the environment of the host and of its handler
	functions []function        // in the order in which routes are tried: by name, without case
}

type kind int

const (
	kindHTTP kind = iota
	kindQueue
	kindTimer
)

// function is one folder with a function.json, of a kind that we can run.
type function struct {
	name    string
	kind    kind
	binding string // the trigger's name, and so the member of Data

	route   route           // HTTP
	methods map[string]bool // HTTP; nil is all of them

	queue   string // queue
	storage string // queue: connection string
	binary  bool   // queue: dataType binary

	schedule  schedule // timer
	monitored bool     // timer: its state is kept
}

// loadApp reads the folder; every refusal is one sentence that names the file and what is wrong.
func loadApp(opts Options) (*app, error) {
	dir, err := filepath.Abs(opts.App)
	if err != nil {
		return nil, err
	}
	a := &app{dir: dir}
	if a.settings, err = readSettings(dir, opts); err != nil {
		return nil, err
	}
	if a.host, err = readHost(dir, a.settings); err != nil {
		return nil, err
	}
	if a.host.handler.port != 0 && opts.Workers > 1 {
		return nil, errors.New("host.json: customHandler/port cannot be shared by several workers")
	}
	if a.functions, err = a.readFunctions(); err != nil {
		return nil, err
	}
	if len(a.functions) == 0 {
		return nil, fmt.Errorf("%s: no function is enabled", dir)
	}
	if _, err := a.executable(); err != nil {
		return nil, err
	}
	a.id = a.settings["AzureFunctionsWebHost__hostid"]
	if a.id == "" {
		sum := sha256.Sum256([]byte(dir))
		a.id = "devhost-" + hex.EncodeToString(sum[:8])
	}
	return a, nil
}

// readSettings is local.settings.json under this process's environment under opts.
func readSettings(dir string, opts Options) (map[string]string, error) {
	var local struct{ Values map[string]string }
	if err := readJSON(filepath.Join(dir, "local.settings.json"), &local); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	settings := map[string]string{}
	maps.Copy(settings, local.Values)
	for _, pair := range slices.Concat(os.Environ(), opts.Env) {
		if name, value, ok := strings.Cut(pair, "="); ok {
			settings[name] = value
		}
	}
	if opts.Storage != "" {
		settings["AzureWebJobsStorage"] = opts.Storage
	}
	return settings, nil
}

// executable is the full path of the program: a file of the app, or else a name to be found on PATH.
func (a *app) executable() (string, error) {
	name := expand(a.host.handler.executable, a.settings)
	if !filepath.IsAbs(name) {
		if inside := filepath.Join(a.dir, name); isFile(inside) {
			name = inside
		}
	}
	path, err := lookPath(name)
	if err != nil {
		return "", fmt.Errorf("host.json: customHandler/description/defaultExecutablePath: %w", err)
	}
	return path, nil
}

var variable = regexp.MustCompile(`%([^%]+)%`)

// expand replaces %NAME% by the setting; an unknown one is removed.
func expand(text string, settings map[string]string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string { return settings[m[1:len(m)-1]] })
}

// resolve is expand for function.json, where an unknown name is an error.
func resolve(text string, settings map[string]string) (string, error) {
	for _, m := range variable.FindAllStringSubmatch(text, -1) {
		if _, ok := settings[m[1]]; !ok {
			return "", fmt.Errorf("%s is not a setting", m[0])
		}
	}
	return expand(text, settings), nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
