package cli

import (
	"github.com/rightsdesk/rightsdesk/shared/config"
)

// Report is what a check found. It holds no value of a setting, because some are secrets.
type Report struct {
	Settings []Setting `json:"settings"`
	Wrong    []string  `json:"wrong,omitempty"`  // with settings, keys or document
	Kept     []Kept    `json:"kept,omitempty"`   // what is kept, when nothing is wrong
	Probes   []Probe   `json:"probes,omitempty"` // none offline, or when something is wrong before
}

// Kept is one class of stored thing and how long it is kept.
type Kept struct {
	Class string `json:"class"`
	For   string `json:"for"`   // "30 days"
	Since string `json:"since"` // "the end of the import"
	By    string `json:"removedBy"`
}

// Setting is a setting and whether it is set.
type Setting struct {
	config.Setting
	Set bool `json:"set"`
}

// Result of a probe.
type Result string

// The results.
const (
	Fine    Result = "ok"
	Failed  Result = "failed"
	Unknown Result = "look" // a person must look: the program cannot tell
)

// Probe is a question to a system that the configuration names, with its result.
type Probe struct {
	Of     string `json:"of"` // such as "storage, blobs"
	Result Result `json:"result"`
	Text   string `json:"text"`
}
