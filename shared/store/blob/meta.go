package blob

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/google/uuid"
)

// metaWrite is the metadata key of the id of the write that made a blob. By it a writer recognizes
// its blob after an unclear answer.
const metaWrite = "write"

// newWrite returns a fresh write id of 32 hex digits. The ids of all blocks are then equally long.
func newWrite() string {
	id := uuid.New()
	return hex.EncodeToString(id[:])
}

// withWrite returns the metadata with a write id: the caller's if it has one, otherwise a new one.
func withWrite(meta map[string]string) (out map[string]*string, id string) {
	out = map[string]*string{}
	for k, v := range meta {
		out[k] = to.Ptr(v)
	}
	id = meta[metaWrite]
	if id == "" {
		id = newWrite()
		out[metaWrite] = to.Ptr(id)
	}
	return out, id
}

// lowerMeta makes the keys of metadata lower case again: net/http capitalizes header names.
func lowerMeta(m map[string]*string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[strings.ToLower(k)] = deref(v)
	}
	return out
}

var (
	metaKey   = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)
	metaValue = regexp.MustCompile(`^[!-~](?:[ -~]*[!-~])?$`)
)

// checkMeta refuses metadata that a reader would not get back as it was written. The service takes
// identifiers as keys, headers lose the case of a key and the spaces around a value, and a value of
// other than printable ASCII is not signed as it is sent. The error quotes no value.
func checkMeta(meta map[string]string) error {
	for key, value := range meta {
		if !metaKey.MatchString(key) {
			return errors.New("store: a key of a blob's metadata is not of a-z, 0-9 and _, beginning with a letter")
		}
		if !metaValue.MatchString(value) {
			return fmt.Errorf("store: the value of %s in a blob's metadata is not printable ASCII without spaces around it", key)
		}
	}
	return nil
}
