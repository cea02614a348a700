package dsr

import (
	"time"
)

// PackageState is how far the package has come.
type PackageState string

// The states of a package.
const (
	PackageBuilding PackageState = "building"
	PackageReady    PackageState = "ready"
	PackageExpiring PackageState = "expiring" // shown as expired: nobody may fetch it any more
	PackageExpired  PackageState = "expired"
)

// Package is the export that is handed over: one archive per request.
type Package struct {
	State PackageState `json:"state"`
	// name in the tenant's document; empty: the container packages
	Destination string    `json:"destination,omitempty"`
	Blob        string    `json:"blob,omitempty"`
	ETag        string    `json:"etag,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"`
	SHA256      string    `json:"sha256,omitempty"`   // lower-case hex, of the archive
	ExpiresAt   time.Time `json:"expiresAt,omitzero"` // business time
}
