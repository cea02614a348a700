package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// keepShown is how many packed bytes of members are kept for the index. The index of an ordinary
// person then reads nothing a second time.
const keepShown = 6 << 20

// shown keeps packed JSON members from the copying on, until the index shows their records. It
// opens the others where they are stored.
type shown struct {
	ctx   context.Context // of the assembly, since templates pass none on
	st    *store.Store
	kept  map[place][]byte
	room  int64           // bytes that may still be kept
	count map[shelf]int64 // records so far
}

type place struct {
	blob   string
	offset int64
}

type shelf struct {
	task dsr.TaskID
	kind string
}

func newShown(ctx context.Context, st *store.Store) *shown {
	return &shown{ctx: ctx, st: st, kept: map[place][]byte{}, room: keepShown, count: map[shelf]int64{}}
}

// keep reads a member that the index shows, and returns a reader of the same bytes.
func (s *shown) keep(t dsr.Task, m part.Member, packed io.Reader) (io.Reader, error) {
	of := shelf{t.ID, m.Kind}
	if t.Action != dsr.Access || m.Format != tenant.JSON || s.count[of] >= shownRecords || m.Packed > s.room {
		return packed, nil
	}
	s.count[of] += m.Records
	s.room -= m.Packed
	body := make([]byte, m.Packed)
	if _, err := io.ReadFull(packed, body); err != nil {
		return nil, fmt.Errorf("archive: read a part: %w", err)
	}
	s.kept[place{m.Ref.Name, m.Offset}] = body
	return bytes.NewReader(body), nil
}

// Open implements opener.
func (s *shown) Open(m part.Member) (io.ReadCloser, error) {
	if body, ok := s.kept[place{m.Ref.Name, m.Offset}]; ok {
		return part.Unpack(bytes.NewReader(body)), nil
	}
	return part.Open(s.ctx, s.st, m)
}
