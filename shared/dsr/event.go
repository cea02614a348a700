package dsr

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// eventVersion is the version of the stored form. Older versions stay readable for ever, and
// testdata/events holds one file of each.
const eventVersion = 1

// Event is one entry of a request's history. It is stored as the exact bytes that are hashed.
// It has an open part (codes, counts, times) and a sealed one. Fields that a type of event does
// not use are empty.
type Event struct {
	Version int       `json:"v"`
	Seq     int64     `json:"seq"` // 1, 2, …
	Type    EventType `json:"type"`
	At      time.Time `json:"at"` // business time, UTC
	By      string    `json:"by"` // id of the caller, or "step:" and the step
	// id of the transaction that wrote it: how a writer knows its own after an unclear answer
	Write string `json:"write"`
	// SHA-256, hex, of the bytes of the event before; empty for the first
	Prev string `json:"prev"`

	Task     TaskID   `json:"task,omitempty"`
	Outcome  *Outcome `json:"outcome,omitempty"`
	Queries  []Query  `json:"queries,omitempty"`
	Records  int64    `json:"records,omitempty"`
	Findings *Found   `json:"findings,omitempty"`
	Tasks    []TaskID `json:"tasks,omitempty"` // of a retry or a cancellation: which
	// Ended are the tasks that end by this event beside Task, in groups of one outcome. One event
	// tells of all of them, so that a change of any number of tasks fits into one transaction.
	Ended   []EndedTasks `json:"ended,omitempty"`
	Package *Package     `json:"package,omitempty"`
	// Sealed is AEAD under the case's data key: the reason that a person gave, say.
	Sealed []byte `json:"sealed,omitempty"`
}

// EndedTasks are tasks that end alike.
type EndedTasks struct {
	Tasks   []TaskID `json:"tasks"`
	Outcome Outcome  `json:"outcome"`
}

// errEvent says that stored bytes are not an event.
var errEvent = errors.New("dsr: not a stored event")

// Encode returns the bytes to store and to hash.
func (e Event) Encode() ([]byte, error) {
	e.Version = eventVersion
	e.At = e.At.UTC()
	return json.Marshal(e)
}

// DecodeEvent reads the bytes of an event of any version.
func DecodeEvent(b []byte) (Event, error) {
	var e Event
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&e); err != nil {
		return Event{}, fmt.Errorf("%w: %d bytes", errEvent, len(b))
	}
	if e.Version < 1 || e.Version > eventVersion || e.Seq < 1 || e.Type == "" {
		return Event{}, fmt.Errorf("%w: version %d, seq %d", errEvent, e.Version, e.Seq)
	}
	return e, nil
}

// HashEvent is what the next event carries as Prev.
func HashEvent(stored []byte) string {
	h := sha256.Sum256(stored)
	return hex.EncodeToString(h[:])
}

// VerifyChain checks stored events against each other and against the hash that the head names.
// Events are numbered without a gap, and each carries the hash of the one before it.
func VerifyChain(stored [][]byte, head string) error {
	prev := ""
	for i, b := range stored {
		e, err := DecodeEvent(b)
		if err != nil {
			return fmt.Errorf("event %d: %w", i+1, err)
		}
		if e.Seq != int64(i+1) {
			return fmt.Errorf("event %d carries the number %d", i+1, e.Seq)
		}
		if e.Prev != prev {
			return fmt.Errorf("event %d does not carry the hash of the event before it", e.Seq)
		}
		prev = HashEvent(b)
	}
	if prev != head {
		return errors.New("the last event is not the one that the request names")
	}
	return nil
}
