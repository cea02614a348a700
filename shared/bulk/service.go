package bulk

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/clock"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/task"
)

const (
	// maxLines is how many lines of a list are imported.
	maxLines = 100_000
	// maxBlob is how many bytes a blob that a message names may have.
	maxBlob = 512 << 20

	chunkLines = 100     // what BeginMany takes
	chunkBytes = 4 << 20 // bounds the memory of an import, whatever its lines are

	resend   = task.Redeliver // until a lost message is sent again
	giveBack = time.Minute    // until a message that met an outage is seen again

	// defaultBound is far under the host's limit for an invocation.
	defaultBound = time.Minute
)

// Names of what is counted.
const (
	countMessages = "bulk.messages.rejected" // messages that were put away in bulk-rejected
	countLines    = "bulk.lines"
)

// Counter counts what an operator watches.
type Counter interface {
	// Count adds to the counter of that name.
	Count(ctx context.Context, name string, n int64)
	// Ignored counts a message that leads to no work, by its reason, a code.
	Ignored(ctx context.Context, reason string)
}

// Options are what a Service is made of. Counter and Bound may be left out.
type Options struct {
	Store  *store.Store
	Intake *intake.Service
	// QueueCaller is the caller that messages on dsr-bulk act as. If it has no rights, every
	// message is put away.
	QueueCaller auth.Caller
	// Key makes the idempotency keys of lines that give none, the digests of lists and the
	// names of messages put away. It is never rotated, since a new key would make every line
	// and every list a new one.
	Key     []byte
	Clocks  clock.Clocks
	Counter Counter
	Log     *slog.Logger
	// Bound is how long, in wall time, one invocation imports before it hands over to the
	// next.
	Bound time.Duration
}

// Service takes lists in and imports them.
type Service struct {
	store   *store.Store
	intake  *intake.Service
	caller  auth.Caller // of messages
	key     []byte
	clocks  clock.Clocks
	counter Counter
	log     *slog.Logger
	bound   time.Duration
	lines   int // of a chunk
}

// New makes a Service and refuses a missing part.
func New(o Options) (*Service, error) {
	switch {
	case o.Store == nil || o.Intake == nil:
		return nil, errors.New("bulk: the store or the intake is missing")
	case len(o.Key) == 0:
		return nil, errors.New("bulk: the key is missing")
	case o.Clocks.Wall == nil || o.Clocks.Business == nil || o.Log == nil:
		return nil, errors.New("bulk: the clocks or the log are missing")
	}
	s := &Service{
		store: o.Store, intake: o.Intake, caller: o.QueueCaller, key: o.Key, clocks: o.Clocks, counter: o.Counter,
		log: o.Log, bound: o.Bound, lines: chunkLines,
	}
	if s.bound == 0 {
		s.bound = defaultBound
	}
	if s.counter == nil {
		s.counter = uncounted{}
	}
	return s, nil
}

// uncounted counts nothing.
type uncounted struct{}

func (uncounted) Count(context.Context, string, int64) {}
func (uncounted) Ignored(context.Context, string)      {}

// stamp says in the metadata of a blob when it was written, so that the purge finds uploads
// that never became an import.
func (s *Service) stamp() map[string]string {
	return map[string]string{blob.MetaAt: s.clocks.Business().UTC().Format(time.RFC3339)}
}
