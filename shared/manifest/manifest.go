// Package manifest defines manifest.json, which tells machines what a package holds.
package manifest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
)

// Name and IndexName are the two members of a package that are not data.
const (
	Name      = "manifest.json"
	IndexName = "index.html"
)

// Version is the version of the manifest's form.
const Version = 1

// Manifest says what a package holds and proves what was looked for. It is kept in memory: it
// has a line for each file, and a package of 100 GB has some tens of thousands of files.
type Manifest struct {
	Version    int          `json:"version"`
	Request    string       `json:"request"`
	Tenant     string       `json:"tenant"`
	Actions    []dsr.Action `json:"actions"`
	Regime     dsr.Regime   `json:"regime"`
	ReceivedAt time.Time    `json:"receivedAt"`
	CreatedAt  time.Time    `json:"createdAt"`
	Systems    []System     `json:"systems"`
	Files      []File       `json:"files"` // all members but the manifest, in their order
}

// System is what became of one task.
type System struct {
	System  string          `json:"system"`
	Action  dsr.Action      `json:"action"`
	Outcome dsr.OutcomeCode `json:"outcome"`
	Reason  string          `json:"reason,omitempty"`
	Basis   string          `json:"basis,omitempty"`
	Until   time.Time       `json:"until,omitzero"`
	Queries []dsr.Query     `json:"queries"` // of the task and of its discovery
}

// File is one member.
type File struct {
	Path     string       `json:"path"`
	SHA256   string       `json:"sha256"` // lower-case hex, of the uncompressed bytes
	Bytes    int64        `json:"bytes"`  // uncompressed
	Records  int64        `json:"records"`
	System   string       `json:"system,omitempty"`
	Kind     string       `json:"kind,omitempty"`
	Category dsr.Category `json:"category,omitempty"`
}

// Encode returns the manifest as indented JSON, so that people can read it, too.
func (m Manifest) Encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("manifest: encode the manifest: %w", err)
	}
	return append(b, '\n'), nil
}
