package part

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

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
	// maxPacked is how many packed bytes a part collects, its tabular forms included, which are
	// taken to be as long as the JSON. They are in memory twice.
	maxPacked = 16 << 20
	// maxAge is how long a part is filled, so that what a slow system has handed over is kept.
	maxAge = time.Minute

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

// Claim is a worker's hold on a task, and the list of its stored parts. *lease.Claim implements it.
type Claim interface {
	// Held returns an error once another worker holds the task or the task is no longer open, at
	// the latest 7 s after that.
	Held(ctx context.Context) error
	// Parts returns the parts that are recorded.
	Parts() []dsr.Part
	// Record records a part. It returns store.ErrExists when another one has its number.
	Record(ctx context.Context, p dsr.Part) error
}

// Options are what a sink is made from. All but Formats, PartSize and MaxAge are needed.
type Options struct {
	Store      *store.Store
	Case       Sealer
	Spec       Spec
	Descriptor connector.Descriptor
	Kinds      []string        // that may be handed over; others are refused
	Formats    []tenant.Format // the tabular forms that the tenant wants; JSON is always there
	Tokens     *pii.Tokens     // for the keyed hashes of queries
	Claim      Claim           // of the task; held, as far as is known, at each page
	// The business clock says when a query was made, the wall clock how old a part is.
	Clocks   clock.Clocks
	PartSize int           // bytes of JSON; 0 means 16 MiB
	MaxAge   time.Duration // of the part that is being filled; 0 means a minute
}

// Summary is what a task handed over, its earlier attempts included.
type Summary struct {
	Records int64
	Queries []dsr.Query
	Parts   []dsr.Part // all of them
	// Last is the last part if it is not recorded yet. The transaction that ends the task has to
	// record it.
	Last *dsr.Part
}

// Sink is the connector.Sink that writes parts. Only one goroutine may use it. It stores one part
// while it compresses the next, so that at most two are in memory. After an error every call
// returns that error, until Resume.
type Sink struct {
	o Options
	// ctx is the context of Resume. Parts are stored in the background, when the context of
	// the Put that filled a part may be over.
	ctx context.Context

	done   envelope    // after the last page that was taken
	asked  []dsr.Query // since then
	moved  bool        // a page was taken since Resume
	parts  []dsr.Part  // that are recorded
	last   *dsr.Part   // stored, but left to the transaction that ends the task
	fill   *builder
	spare  *builder
	upload chan stored // nil when nothing is being stored
	err    error
}

// New returns a sink, or an error if an option is missing. Call Resume before the first Put.
func New(o Options) (*Sink, error) {
	if o.Store == nil || o.Case == nil || o.Tokens == nil || o.Claim == nil || o.Clocks.Business == nil || o.Clocks.Wall == nil {
		return nil, errors.New("part: a store, a case, tokens, a claim and both clocks are needed")
	}
	if o.PartSize <= 0 {
		o.PartSize = defaultSize
	}
	if o.MaxAge <= 0 {
		o.MaxAge = maxAge
	}
	o.PartSize = min(o.PartSize, MaxSize)
	o.Formats = tabular.Chosen(o.Formats)
	return &Sink{o: o, fill: newBuilder(), spare: newBuilder(), err: errors.New("part: call Resume before the sink is used")}, nil
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
	if err := s.o.Claim.Held(ctx); err != nil {
		return err
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
	if err := s.room(size); err != nil {
		return err
	}
	if err := s.write(kind, records, taken, size > MaxSize); err != nil {
		return err
	}
	s.done.Cursor, s.done.Skip, s.moved = slices.Clone(next), 0, true
	s.done.ask(s.asked)
	s.asked = nil
	if s.full() {
		return s.flush()
	}
	return nil
}

// full reports whether the part that is being filled ends with this page.
func (s *Sink) full() bool {
	b := s.fill
	switch {
	case b.records == 0:
		return false
	case b.json >= int64(s.o.PartSize), b.body.Len()*(1+len(s.o.Formats)) >= maxPacked:
		return true
	}
	return s.o.Clocks.Wall().Sub(b.since) >= s.o.MaxAge
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
func (s *Sink) room(size int) error {
	if s.fill.records > 0 && s.fill.json+int64(size) > MaxSize {
		return s.flush()
	}
	return nil
}

const separator = ",\n"

// write adds records to the part. With split it ends parts in the middle of the page. Each of
// them says how many records of the page after its cursor are stored.
func (s *Sink) write(kind string, records []json.RawMessage, taken int64, split bool) error {
	for i, r := range records {
		if split && s.fill.records > 0 && s.fill.json+int64(len(r)+frame) > MaxSize {
			s.done.Skip = taken + int64(i)
			if err := s.flush(); err != nil {
				return err
			}
		}
		before, err := s.member(kind)
		if err != nil {
			return err
		}
		if _, err := s.fill.Write([]byte(before)); err != nil {
			return err
		}
		if _, err := s.fill.Write(r); err != nil {
			return err
		}
		s.fill.last().Records++
		s.fill.records++
	}
	return nil
}

// member makes the member that is being filled one of the kind, and returns what comes before the
// next record in it.
func (s *Sink) member(kind string) (before string, err error) {
	b := s.fill
	if b.open && b.last().Kind == kind {
		return separator, nil
	}
	if err := s.endMember(); err != nil {
		return "", err
	}
	if b.records == 0 {
		b.since = s.o.Clocks.Wall()
	}
	s.done.Numbers[kind]++
	b.begin(Member{Kind: kind, Format: tenant.JSON, Type: mediaTypes[tenant.JSON], Number: s.done.Numbers[kind]})
	return "[\n", nil
}

// endMember ends the JSON member that is being filled.
func (s *Sink) endMember() error {
	if !s.fill.open {
		return nil
	}
	if _, err := s.fill.Write([]byte("\n]\n")); err != nil {
		return err
	}
	return s.fill.end()
}

// Save stores and records what is left, and waits until that is done. It is for an attempt that
// does not end the task: the pages before a fault of the system need not be read again.
func (s *Sink) Save(_ context.Context) error {
	if s.err == nil && s.fill.records > 0 {
		s.err = s.flush()
	}
	if err := s.wait(); s.err == nil {
		s.err = err
	}
	return s.err
}

// Mark stores a part without a member, which only says where to continue. It is for an attempt
// whose pages were all empty, and does nothing where no page was taken.
func (s *Sink) Mark(ctx context.Context) error {
	if s.err == nil && s.moved {
		s.err = s.flush()
	}
	return s.Save(ctx)
}

// Close stores what is left and waits until it is stored. The part that it stores is not recorded
// yet: Summary.Last names it. Close returns the sum of everything that the task handed over, or the
// error that ended the sink. It may be called more than once, and nothing may be put after it.
func (s *Sink) Close(ctx context.Context) (Summary, error) {
	if err := s.wait(); s.err == nil {
		s.err = err
	}
	if s.err == nil && s.fill.records > 0 {
		s.err = s.end(ctx)
	}
	if s.err != nil {
		return Summary{}, s.err
	}
	all := s.done.clone()
	all.ask(s.asked)
	sum := Summary{Records: all.Records, Queries: all.Queries, Parts: slices.Clone(s.parts), Last: s.last}
	if s.last != nil {
		sum.Parts = append(sum.Parts, *s.last)
	}
	return sum, nil
}
