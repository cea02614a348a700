package bulk

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/rightsdesk/rightsdesk/shared/auth"
	"github.com/rightsdesk/rightsdesk/shared/bulk/list"
	"github.com/rightsdesk/rightsdesk/shared/intake"
	"github.com/rightsdesk/rightsdesk/shared/problem"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
)

const (
	// MaxLines is how many lines of a list are imported.
	MaxLines = 100_000
	// MaxBlob is the most bytes that a blob on the queue may have.
	MaxBlob = 512 << 20

	chunkLines = 100     // what CreateMany takes
	chunkBytes = 4 << 20 // bounds the memory of an import, whatever its lines are

	resend      = time.Minute         // after which a lost message is sent again
	giveBack    = time.Minute         // after which a message that met an outage is seen again
	keepInput   = 7 * 24 * time.Hour  // after the import, business time
	keepResults = 30 * 24 * time.Hour // after the import, business time

	// DefaultBound is how long one invocation imports before it hands over to the next: far under the host's limit.
	DefaultBound = time.Minute
)

// Names of what is counted.
const (
	CountMessages = "bulk.messages.rejected" // messages that were put away in bulk-rejected
	CountLines    = "bulk.lines"
)

// Service takes lists in and imports them.
type Service struct {
	Store  *store.Store
	Intake *intake.Service
	// QueueCaller is who messages on dsr-bulk act as. Where it has no rights, every message is put away.
	QueueCaller auth.Caller
	// Key is of the idempotency keys of lines that give none, of the digests of lists and of the names of messages put away. It is never
	// rotated: that would make every line and every list a new one.
	Key     []byte
	Now     func() time.Time // business clock
	Wall    func() time.Time
	Bound   time.Duration // of one invocation of Import, wall time; 0: DefaultBound
	Log     *slog.Logger
	Count   func(ctx context.Context, name string, n int64) // nil: nothing is counted
	Ignored func(ctx context.Context, reason string)        // counts a message that nothing can be done for; nil: nothing is counted

	lines int // of a chunk, in tests; 0: chunkLines
}

func (s *Service) chunk() int {
	if s.lines > 0 {
		return s.lines
	}
	return chunkLines
}

func (s *Service) count(ctx context.Context, name string, n int64) {
	if s.Count != nil && n > 0 {
		s.Count(ctx, name, n)
	}
}

func (s *Service) bound() time.Duration {
	if s.Bound == 0 {
		return DefaultBound
	}
	return s.Bound
}

// ByReference returns the bulk import that a tenant's reference names, or store.ErrNotFound.
func (s *Service) ByReference(ctx context.Context, tenant, ref string) (*store.BulkCase, error) {
	if !list.ValidReference(ref) {
		return nil, store.ErrNotFound
	}
	return s.Store.LoadBulk(ctx, tenant, s.Store.BulkID(tenant, ref))
}

// Results opens the result of an import that has ended: JSON Lines of Result. A no-result problem while it has not, and once its
// retention has ended.
func (s *Service) Results(ctx context.Context, b *store.BulkCase) (io.ReadCloser, int64, error) {
	if b.State != store.BulkCompleted && b.State != store.BulkFailed {
		return nil, 0, problem.New(problem.NoResult, "", "the import has not ended")
	}
	r, info, err := s.Store.Blobs.Open(ctx, resultRef(b.Tenant, b.ID), 0, 0)
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, problem.New(problem.NoResult, "", "the result was deleted at the end of its retention")
	}
	return r, info.Size, err
}

func resultRef(tenant, id string) blob.Ref { return blob.ResultRef(tenant, id) }

func inputRef(name string) blob.Ref { return blob.InputRef(name) }

// stamp says in a blob's metadata when it was written.
func (s *Service) stamp() map[string]string {
	return map[string]string{blob.MetaAt: s.Now().UTC().Format(time.RFC3339)}
}
