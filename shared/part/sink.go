package part

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/connector"
	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/pii"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tabular"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	// defaultSize is how many bytes of JSON a part collects before it ends with the page.
	defaultSize = 16 << 20
	// MaxSize is how many bytes of JSON a part may have. A page that would exceed it is split
	// between records.
	MaxSize = 32 << 20

	frame = 8 // bytes of an array besides its records, rounded up
)

// ErrSuperseded says that another worker stored the part with that number first. That part
// stays. Call Resume again, and continue from the cursor that it returns.
var ErrSuperseded = errors.New("part: another worker stored this part first")

// RecordError says that a connector handed over what cannot be stored. Another try will not
// help.
type RecordError struct {
	Kind    string
	Bytes   int
	Problem string
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("part: a record of kind %q with %d bytes: %s", e.Kind, e.Bytes, e.Problem)
}

// Claim is a worker's hold on a task. store.Claim implements it.
type Claim interface {
	// Check returns an error once another worker holds the task, or the task is no longer open.
	Check(ctx context.Context) error
}

// Options are what a sink is made from. All but Formats, Claim and PartSize are needed.
type Options struct {
	Store      *store.Store
	Case       Sealer
	Spec       Spec
	Descriptor connector.Descriptor
	Kinds      []string        // that may be handed over; others are refused
	Formats    []tenant.Format // the tabular forms that the tenant wants; JSON is always there
	Tokens     *pii.Tokens     // for the keyed hashes of queries
	Claim      Claim           // of the task; checked once a page; nil checks nothing
	Clocks     clock.Clocks    // the business clock says when a query was made
	PartSize   int             // bytes; 0 means 16 MiB
}

// Summary is what a task handed over, its earlier attempts included.
type Summary struct {
	Records int64
	Queries []dsr.Query
	Parts   int
}

// Sink is the connector.Sink that writes parts. Only one goroutine may use it. It stores one
// part while it compresses the next, so that at most two are in memory. After an error every
// call returns that error, until Resume.
type Sink struct {
	o Options
	// ctx is the context of Resume. Parts are stored in the background, when the context of
	// the Put that filled a part may be over.
	ctx context.Context

	done    envelope    // after the last page that was taken
	asked   []dsr.Query // since then
	seq     int         // of the last part that was handed to the uploader
	kind    string      // of the part that is being filled
	records int64       // in it
	fill    *packer
	spare   *packer
	upload  chan error // nil when nothing is being stored
	err     error
}

// New returns a sink, or an error if an option is missing. Call Resume before the first Put.
func New(o Options) (*Sink, error) {
	if o.Store == nil || o.Case == nil || o.Tokens == nil || o.Clocks.Business == nil {
		return nil, errors.New("part: a store, a case, tokens and the business clock are needed")
	}
	if o.PartSize <= 0 {
		o.PartSize = defaultSize
	}
	o.PartSize = min(o.PartSize, MaxSize)
	o.Formats = tabular.Chosen(o.Formats)
	return &Sink{o: o, fill: newPacker(), spare: newPacker(), err: errors.New("part: call Resume before the sink is used")}, nil
}

// Asked implements connector.Sink.
func (s *Sink) Asked(a connector.Asked) {
	s.asked = append(s.asked, dsr.Query{
		Hash: connector.HashQuery(s.o.Tokens, s.o.Spec.Tenant, a.Query), Permission: a.Permission,
		At: clock.Stored(s.o.Clocks.Business()), Records: a.Records,
	})
}

// Put implements connector.Sink. Its errors are those of the claim and of the storage,
// *RecordError and ErrSuperseded.
func (s *Sink) Put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error {
	if s.err == nil {
		s.err = s.put(ctx, kind, records, next)
	}
	return s.err
}

func (s *Sink) put(ctx context.Context, kind string, records []json.RawMessage, next []byte) error {
	if s.o.Claim != nil {
		if err := s.o.Claim.Check(ctx); err != nil {
			return err
		}
	}
	if !slices.Contains(s.o.Kinds, kind) {
		return &RecordError{Kind: kind, Problem: "this kind was not asked for"}
	}
	if len(next) == 0 {
		return &RecordError{Kind: kind, Problem: "its page has no cursor"}
	}
	taken := min(s.done.Skip, int64(len(records))) // they are in a part already
	records = records[taken:]
	size, err := check(kind, records)
	if err != nil {
		return err
	}
	if err := s.room(kind, size); err != nil {
		return err
	}
	if err := s.write(kind, records, taken, size > MaxSize); err != nil {
		return err
	}
	s.done.Cursor, s.done.Skip = slices.Clone(next), 0
	s.done.ask(s.asked)
	s.asked = nil
	if s.fill.bytes >= int64(s.o.PartSize) {
		return s.flush()
	}
	return nil
}

// check returns what a page adds to a part, in bytes.
func check(kind string, records []json.RawMessage) (int, error) {
	size := frame
	for _, r := range records {
		v := jsontext.Value(r)
		switch {
		case len(r) > MaxSize-frame:
			return 0, &RecordError{kind, len(r), fmt.Sprintf("more than the %d MiB that a part may have", MaxSize>>20)}
		case !v.IsValid():
			return 0, &RecordError{kind, len(r), "not valid JSON"}
		case v.Kind() != '{':
			return 0, &RecordError{kind, len(r), "not a JSON object"}
		}
		size += len(r) + len(separator)
	}
	return size, nil
}

// room ends the part that is being filled when a page cannot go into it.
func (s *Sink) room(kind string, size int) error {
	if s.records > 0 && (s.kind != kind || s.fill.bytes+int64(size) > MaxSize) {
		return s.flush()
	}
	return nil
}

const separator = ",\n"

// write adds records to the part. With split it ends parts in the middle of the page. Each of
// them says how many records of the page after its cursor are stored.
func (s *Sink) write(kind string, records []json.RawMessage, taken int64, split bool) error {
	for i, r := range records {
		if split && s.records > 0 && s.fill.bytes+int64(len(r)+frame) > MaxSize {
			s.done.Skip = taken + int64(i)
			if err := s.flush(); err != nil {
				return err
			}
		}
		before := separator
		if s.records == 0 {
			s.kind, before = kind, "[\n"
		}
		if _, err := s.fill.Write([]byte(before)); err != nil {
			return err
		}
		if _, err := s.fill.Write(r); err != nil {
			return err
		}
		s.records++
	}
	return nil
}

// Close stores what is left and waits until it is stored. It returns the sum of everything
// that the task handed over, or the error that ended the sink. It may be called more than
// once, and also after a fault of the system, so that the pages before the fault need not be
// read again.
func (s *Sink) Close(_ context.Context) (Summary, error) {
	if s.err == nil && s.records > 0 {
		s.err = s.flush()
	}
	if err := s.wait(); s.err == nil {
		s.err = err
	}
	if s.err != nil {
		return Summary{}, s.err
	}
	all := s.done.clone()
	all.ask(s.asked)
	return Summary{Records: all.Records, Queries: all.Queries, Parts: s.seq}, nil
}
