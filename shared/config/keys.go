package config

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rightsdesk/rightsdesk/shared/jsonbody"
	"github.com/rightsdesk/rightsdesk/shared/pii"
)

// keySize is the length of every key in bytes.
const keySize = 32

// Keys are the keys of a deployment, as the key file holds them. They are secrets.
type Keys struct {
	Local  bool      `json:"local,omitempty"` // made by the local world; refused elsewhere
	Vault  []pii.Key `json:"vault"`           // wrap the keys of cases; the last one wraps new ones
	ID     []byte    `json:"id"`              // request and bulk ids; never rotated
	Tokens []pii.Key `json:"tokens"`          // keyed hashes
	Cursor []byte    `json:"cursor"`          // authenticates the cursors of lists
}

// String hides the keys.
func (Keys) String() string { return "keys" }

// GoString hides the keys.
func (Keys) GoString() string { return "keys" }

// localKeys are the SHA-256 of the API keys of the local world, which are published with it.
func localKeys() []string {
	var out []string
	for _, k := range []string{"local-dev-key", "local-dev-key-readonly", "local-dev-key-2"} {
		sum := sha256.Sum256([]byte(k))
		out = append(out, hex.EncodeToString(sum[:]))
	}
	return out
}

// LoadKeys reads the file of keys. The local world makes a missing file, which only its owner can
// read. When several processes start at once, all of them use the keys of the first.
func (s Settings) LoadKeys() (Keys, error) {
	k, err := s.readKeys()
	if !errors.Is(err, fs.ErrNotExist) || !s.Local() {
		return k, err
	}
	if err := makeKeys(s.Keys); err != nil {
		return Keys{}, fmt.Errorf("%s: make the file of keys: %w", envKeys, err)
	}
	return s.readKeys()
}

// CheckKeys returns the error that LoadKeys would return, and makes nothing.
func (s Settings) CheckKeys() error {
	_, err := s.readKeys()
	if s.Local() && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s Settings) readKeys() (Keys, error) {
	text, err := os.ReadFile(s.Keys)
	if err != nil {
		return Keys{}, fmt.Errorf("%s: read the file of keys: %w", envKeys, err)
	}
	k, err := parseKeys(text)
	if err != nil {
		return Keys{}, fmt.Errorf("%s: %w", envKeys, err)
	}
	if k.Local && !s.Local() {
		return Keys{}, fmt.Errorf("%s: these keys were made for the local world and are refused elsewhere", envKeys)
	}
	return k, nil
}

func parseKeys(text []byte) (Keys, error) {
	k, err := jsonbody.Decode[Keys](text, 1<<16)
	if err != nil {
		return Keys{}, err
	}
	var errs []error
	for name, list := range map[string][]pii.Key{"vault": k.Vault, "tokens": k.Tokens} {
		if len(list) == 0 {
			errs = append(errs, fmt.Errorf("%s: at least one key is needed", name))
		}
		last := 0
		for i, key := range list {
			if len(key.Key) != keySize || key.Version <= last {
				errs = append(errs, fmt.Errorf("%s[%d]: %d bytes in base64 and rising versions from 1 are expected", name, i, keySize))
			}
			last = key.Version
		}
	}
	for name, key := range map[string][]byte{"id": k.ID, "cursor": k.Cursor} {
		if len(key) != keySize {
			errs = append(errs, fmt.Errorf("%s: %d bytes in base64 are expected", name, keySize))
		}
	}
	return k, errors.Join(errs...)
}

// makeKeys writes new keys to another file and links it to the path. When another process was
// faster, the link fails and the keys of that process count. So no reader sees half a file.
func makeKeys(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(newKeys(), "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func newKeys() Keys {
	key := func() []byte {
		b := make([]byte, keySize)
		_, _ = rand.Read(b) // never fails
		return b
	}
	return Keys{Local: true, Vault: []pii.Key{{Version: 1, Key: key()}}, ID: key(), Tokens: []pii.Key{{Version: 1, Key: key()}}, Cursor: key()}
}
