// Package config reads how a deployment is set up: settings from the environment, the YAML
// document of tenants and callers, and the file of keys.
//
// It reports every mistake at once. On a platform it refuses what belongs to the local world.
package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rightsdesk/rightsdesk/shared/cloud"
)

// Setting is one environment variable, as Functions app settings are.
type Setting struct {
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
	// Azure says whether an app on Azure has it: needed, optional, or more words. It is empty
	// for a setting of the local world.
	Azure     string `json:"azure,omitempty"`
	Default   string `json:"default,omitempty"`
	Sample    string `json:"-"`         // in local.settings.sample.json; empty: not there
	LocalOnly bool   `json:"localOnly"` // refused on a platform
}

// What an app on Azure does with a setting.
const (
	azureNeeded   = "needed"
	azureOptional = "optional"
	// A handler that waits needs some 10 MiB. As usual the collector would then run after each
	// 10 MiB that a request allocates, and while the process starts: a tenth of its time and more.
	collectSeldom = "recommended as in the local world"
)

// Table is every setting that is read, in the order of the documentation.
func Table() []Setting {
	return []Setting{
		{
			Name: envStorage, Meaning: "connection string of the storage account; " + developStorage + " is the local Azurite", Sample: developStorage,
			Azure: "needed, unless " + envAccount + " is set, which is better; Azurite is refused",
		},
		{
			Name: envAccount, Meaning: "name of the storage account, used with the app's managed identity instead of a connection string",
			Azure: "needed, unless " + envStorage + " is set",
		},
		{Name: envConfig, Meaning: "path of the YAML document", Default: "rightsdesk.yaml", Sample: "rightsdesk.yaml", Azure: azureNeeded},
		{
			Name: envKeys, Meaning: "path of the file of keys; made at the first start when it is missing, in the local world only",
			Default: "keys.json", Sample: "keys.json", Azure: azureNeeded,
		},
		{Name: envCloud, Meaning: "cloud that the tenants are in: public, usgov or china", Default: "public", Azure: azureOptional},
		{Name: envGraph, Meaning: "loopback URL of a simulated Microsoft Graph", Sample: "http://127.0.0.1:7080", LocalOnly: true},
		{Name: envClock, Meaning: "loopback URL of the movable business clock", Sample: "http://127.0.0.1:7080/clock", LocalOnly: true},
		{
			Name: envAhead, Meaning: "how many requests at once a process goes on with right after it took them in, 0 to 64; the others wait in the queue",
			Default: "8", Azure: azureOptional,
		},
		{Name: envLogLevel, Meaning: "least level of log lines: debug, info, warn or error", Default: "info", Sample: "info", Azure: azureOptional},
		{Name: envOTLP, Meaning: "where traces and metrics go as OTLP over HTTP; off without it", Azure: azureOptional},
		{
			Name: envCollect, Meaning: "read by the Go runtime: the collector of unused memory runs when that has grown by so many percent",
			Default: "100", Sample: "400", Azure: collectSeldom,
		},
		{
			Name: envMemory, Meaning: "read by the Go runtime: the memory in use near which the collector runs as often as is needed",
			Sample: "256MiB", Azure: collectSeldom,
		},
		{Name: envWorker, Meaning: "read by the Functions host: custom", Sample: "custom", Azure: azureNeeded},
	}
}

// platformVariables are set on a platform. WEBSITE_HOSTNAME is not among them, since Core Tools
// set it too.
var platformVariables = []string{"WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "AWS_LAMBDA_FUNCTION_NAME"}

// Settings are the settings as they were read.
type Settings struct {
	Storage  Storage
	Config   string // path
	Keys     string // path
	Cloud    string // public, usgov or china
	Graph    string // loopback URL of a simulator, or ""
	Clock    string // loopback URL, or ""
	Ahead    int    // requests that a process goes on with after it took them in, at once
	LogLevel string
	OTLP     string
	// Platform is the variable that shows that a platform runs the product, or "".
	Platform string
}

// Local reports whether this is the local world: no platform, and Azurite's own account. Only
// the local world makes keys for itself, and accepts a simulated Graph, a movable clock and the
// published keys.
func (s Settings) Local() bool { return s.Platform == "" && s.Storage.development() }

// Load reads settings by a function such as os.Getenv. The error names every mistake at once.
func Load(env func(string) string) (Settings, error) {
	get := func(name string) string {
		if v := strings.TrimSpace(env(name)); v != "" {
			return v
		}
		for _, s := range Table() {
			if s.Name == name {
				return s.Default
			}
		}
		return ""
	}
	out := Settings{
		Config: get(envConfig), Keys: get(envKeys), Cloud: get(envCloud), Graph: strings.TrimSuffix(get(envGraph), "/"),
		Clock: strings.TrimSuffix(get(envClock), "/"), LogLevel: get(envLogLevel), OTLP: get(envOTLP),
	}
	for _, name := range platformVariables {
		if env(name) != "" {
			out.Platform = name
			break
		}
	}
	ahead, err := strconv.Atoi(get(envAhead))
	if err != nil {
		ahead = -1 // check reports it
	}
	out.Ahead = ahead
	storage, err := parseStorage(get(envStorage), get(envAccount), out.Endpoints().StorageSuffix)
	out.Storage = storage
	return out, errors.Join(err, out.check())
}

func (s Settings) check() error {
	var errs []error
	bad := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	if _, ok := cloud.Named(s.Cloud); !ok {
		bad(envCloud, "public, usgov or china is expected")
	}
	if s.Ahead < 0 || s.Ahead > maxAhead {
		bad(envAhead, "a number from 0 to %d is expected", maxAhead)
	}
	if _, ok := logLevels[s.LogLevel]; !ok {
		bad(envLogLevel, "debug, info, warn or error is expected")
	}
	for name, v := range map[string]string{envGraph: s.Graph, envClock: s.Clock} {
		switch {
		case v == "":
		case s.Platform != "":
			bad(name, "this belongs to the local world and is refused where %s is set", s.Platform)
		case !Loopback(v):
			bad(name, "an http URL of this machine (127.0.0.1, [::1] or localhost) is expected")
		case !s.Storage.development():
			bad(name, "this is allowed only beside Azurite's own account: a simulated world must not write to real storage")
		}
	}
	if s.Platform != "" && s.Storage.Local() {
		bad(envStorage, "Azurite's account and loopback endpoints are refused where %s is set", s.Platform)
	}
	return errors.Join(errs...)
}

// maxAhead bounds the memory of a process that goes on with requests.
const maxAhead = 64

var logLevels = map[string]bool{"debug": true, "info": true, "warn": true, "error": true}
