package verify

import (
	"errors"
	"regexp"
	"slices"
	"time"
)

// These are the names of the two members that every package has besides its data.
const (
	manifestName = "manifest.json"
	indexName    = "index.html"
)

const knownVersion = 1

// Manifest is a manifest as this program reads it. It has types of its own, so that a mistake
// in the writer's types cannot hide itself.
type Manifest struct {
	Version    int       `json:"version"`
	Request    string    `json:"request"`
	Tenant     string    `json:"tenant"`
	Actions    []string  `json:"actions"`
	Regime     string    `json:"regime"`
	ReceivedAt time.Time `json:"receivedAt"`
	CreatedAt  time.Time `json:"createdAt"`
	Systems    []System  `json:"systems"`
	Files      []File    `json:"files"`
}

// System is what became of one task.
type System struct {
	System  string    `json:"system"`
	Action  string    `json:"action"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason,omitempty"`
	Basis   string    `json:"basis,omitempty"`
	Until   time.Time `json:"until,omitzero"`
	Queries []Query   `json:"queries"`
}

// Query is one search that was made.
type Query struct {
	Hash       string    `json:"hash"`
	Permission string    `json:"permission"`
	At         time.Time `json:"at"`
	Records    int64     `json:"records"`
}

// File is one member.
type File struct {
	Path     string `json:"path"`
	SHA256   string `json:"sha256"` // lower-case hex, of the uncompressed bytes
	Bytes    int64  `json:"bytes"`  // uncompressed
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

// check refuses what no package has. What it accepts can be shown to people, since it
// consists of ids and names.
func (m Manifest) check() error {
	if !guid.MatchString(m.Request) || !guid.MatchString(m.Tenant) {
		return errors.New("request and tenant must be ids")
	}
	other := func(s string) bool { return !isName(s) }
	if !isName(m.Regime) || slices.ContainsFunc(m.Actions, other) {
		return errors.New("regime and actions must be names")
	}
	return nil
}

func (s System) check() error {
	if !isName(s.System) || !isName(s.Action) || !isName(s.Outcome) {
		return errors.New("a system, its action and its outcome must be names")
	}
	return nil
}

func (f File) check(longest int) error {
	if len(f.Path) > longest || !safeName.MatchString(f.Path) {
		return errors.New("the path of a file is not allowed in a package")
	}
	if len(f.SHA256) > 64 {
		return errors.New("the SHA-256 of a file has more than 64 characters")
	}
	for _, name := range []string{f.System, f.Kind, f.Category} {
		if name != "" && !isName(name) {
			return errors.New("system, kind and category of a file must be names")
		}
	}
	return nil
}
