package export

import (
	"errors"
	"regexp"
	"slices"
	"time"
)

// The names of the two members that every package has beside its data.
const (
	seenName  = "manifest.json"
	seenIndex = "index.html"
)

const seenVersion = 1

// seenManifest is a manifest as this program reads it. The types that packages are written with are no part of the check.
type seenManifest struct {
	Version    int          `json:"version"`
	Request    string       `json:"request"`
	Tenant     string       `json:"tenant"`
	Actions    []string     `json:"actions"`
	Regime     string       `json:"regime"`
	ReceivedAt time.Time    `json:"receivedAt"`
	CreatedAt  time.Time    `json:"createdAt"`
	Systems    []seenSystem `json:"systems"`
	Files      []seenFile   `json:"files"`
}

// seenSystem is what became of one task.
type seenSystem struct {
	System  string      `json:"system"`
	Action  string      `json:"action"`
	Outcome string      `json:"outcome"`
	Reason  string      `json:"reason,omitempty"`
	Basis   string      `json:"basis,omitempty"`
	Until   time.Time   `json:"until,omitzero"`
	Queries []seenQuery `json:"queries"`
}

// seenQuery is one search that was made.
type seenQuery struct {
	Hash       string    `json:"hash"`
	Permission string    `json:"permission"`
	At         time.Time `json:"at"`
	Records    int64     `json:"records"`
}

// seenFile is one member.
type seenFile struct {
	Path     string `json:"path"`
	SHA256   string `json:"sha256"`
	Bytes    int64  `json:"bytes"`
	Records  int64  `json:"records"`
	System   string `json:"system,omitempty"`
	Kind     string `json:"kind,omitempty"`
	Category string `json:"category,omitempty"`
}

var (
	guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	slug = regexp.MustCompile(`^[a-z][0-9a-z-]{0,62}$`)
)

func isName(s string) bool { return slug.MatchString(s) }

// check refuses what no request of ours has. Its texts may be shown to people: names are names, and nothing else.
func (m seenManifest) check() error {
	if !guid.MatchString(m.Request) || !guid.MatchString(m.Tenant) {
		return errors.New("request and tenant must be ids")
	}
	if !isName(m.Regime) || slices.ContainsFunc(m.Actions, func(a string) bool { return !isName(a) }) {
		return errors.New("regime and actions must be names")
	}
	return nil
}

func (s seenSystem) check() error {
	if !isName(s.System) || !isName(s.Action) || !isName(s.Outcome) {
		return errors.New("a system, its action and its outcome must be names")
	}
	return nil
}

func (f seenFile) check(longest int) error {
	if len(f.Path) > longest || !safeName.MatchString(f.Path) {
		return errors.New("the path of a file is not one that a package may have")
	}
	if len(f.SHA256) > 64 {
		return errors.New("the SHA-256 of a file is not one")
	}
	for _, name := range []string{f.System, f.Kind, f.Category} {
		if name != "" && !isName(name) {
			return errors.New("system, kind and category of a file must be names")
		}
	}
	return nil
}
