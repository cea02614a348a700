package config

import (
	"cmp"
	"encoding/hex"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// Document is the YAML document of tenants and callers.
type Document struct {
	Version int            `yaml:"version"`
	Queue   Queue          `yaml:"queue"`
	Callers []Caller       `yaml:"callers"`
	Tenants tenant.Tenants `yaml:"tenants"`
}

// Queue names the caller that messages on dsr-bulk act as.
type Queue struct {
	Caller string `yaml:"caller"`
}

// Caller is a machine that may call.
type Caller struct {
	Name string `yaml:"name"`
	// ID is kept with what the caller did, and is the name where the document gives none. It is set
	// to the old name when the name is changed.
	ID string `yaml:"id"`
	// KeySHA256 is 64 lower-case hex digits, empty for the caller of the queue.
	KeySHA256 string   `yaml:"keySHA256"`
	Tenants   []string `yaml:"tenants"`
	Rights    []string `yaml:"rights"`
}

// Known returns the callers in the form that auth compares with. One without a key cannot call
// by HTTP.
func (d *Document) Known() []auth.Known {
	var out []auth.Known
	for _, c := range d.Callers {
		k := auth.Known{Caller: auth.Caller{ID: cmp.Or(c.ID, c.Name), Name: c.Name, Tenants: c.Tenants}}
		for _, r := range c.Rights {
			k.Rights = append(k.Rights, auth.Right(r))
		}
		if b, err := hex.DecodeString(c.KeySHA256); err == nil {
			copy(k.Key[:], b)
		}
		out = append(out, k)
	}
	return out
}

// QueueCaller returns the caller that messages on dsr-bulk act as. Where the document names
// none, it has no rights.
func (d *Document) QueueCaller() auth.Caller {
	for _, k := range d.Known() {
		if k.Name == d.Queue.Caller {
			return k.Caller
		}
	}
	return auth.Caller{}
}
