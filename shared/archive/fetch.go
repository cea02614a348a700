package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

const (
	fetchAhead = 3       // sources that are read at the same time, each into a buffer
	fetchWhole = 6 << 20 // a longer source is streamed when its turn comes
)

// fetched is a source that was read ahead, or, with a nil body, one that is to be streamed.
type fetched struct {
	members []part.Member
	body    []byte
	buffer  []byte // that body lies in; it goes back when the source is done
	err     error
}

// fetch calls use with each member of the sources in order and its packed bytes, while the next
// sources are being read. It uses the same buffers again and again: a new buffer for each source
// would be garbage that takes as much memory as everything else together.
func fetch(ctx context.Context, st *store.Store, all []source, use func(s source, m part.Member, packed io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	ready := make([]chan fetched, len(all))
	for i := range ready {
		ready[i] = make(chan fetched, 1)
	}
	free := make(chan []byte, fetchAhead)
	for range fetchAhead {
		free <- nil // made when first used
	}
	running.Go(func() {
		for i, s := range all {
			var buffer []byte
			select {
			case buffer = <-free:
			case <-ctx.Done():
				return
			}
			if s.size > fetchWhole {
				ready[i] <- fetched{buffer: buffer}
				continue
			}
			running.Go(func() { ready[i] <- s.read(ctx, st, buffer) })
		}
	})
	for i, s := range all {
		var f fetched
		select {
		case f = <-ready[i]:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.handOn(ctx, st, f, use); err != nil {
			return err
		}
		free <- f.buffer
	}
	return nil
}

// read reads a whole source into a buffer, or into a new one where it is too small.
func (s source) read(ctx context.Context, st *store.Store, buffer []byte) fetched {
	if int64(cap(buffer)) < s.size {
		const step = 256 << 10 // the next source is about as long
		buffer = make([]byte, (s.size+step-1)/step*step)
	}
	body, err := s.open(ctx, st)
	if err != nil {
		return fetched{err: err}
	}
	defer func() { _ = body.Close() }()
	whole := buffer[:s.size]
	if _, err := io.ReadFull(body, whole); err != nil {
		return fetched{err: fmt.Errorf("archive: read a part: %w", err)}
	}
	f := fetched{members: s.members, body: whole, buffer: buffer}
	if s.part != (dsr.Part{}) {
		f.members, f.err = part.Members(s.spec, s.part, whole)
	}
	return f
}

// open opens the bytes of a source.
func (s source) open(ctx context.Context, st *store.Store) (io.ReadCloser, error) {
	if s.part != (dsr.Part{}) {
		body, err := part.Stream(ctx, st, s.spec, s.part, 0)
		return body, incomplete(err)
	}
	body, _, err := st.Blobs.Open(ctx, s.members[0].Ref, s.from, s.size)
	if err != nil {
		return nil, fmt.Errorf("archive: read the earlier package: %w", err)
	}
	return body, nil
}

// incomplete says so of a part that is missing.
func incomplete(err error) error {
	if errors.Is(err, part.ErrMissing) {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return err
}

// handOn hands on the members of a source, which is read as a stream.
func (s source) handOn(ctx context.Context, st *store.Store, f fetched, use func(source, part.Member, io.Reader) error) error {
	if f.err != nil {
		return f.err
	}
	if f.body != nil {
		return s.each(f.members, bytes.NewReader(f.body), use)
	}
	members := s.members
	if s.part != (dsr.Part{}) {
		var err error
		if members, err = part.Read(ctx, st, s.spec, s.part); err != nil {
			return incomplete(err)
		}
	}
	body, err := s.open(ctx, st)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return s.each(members, body, use)
}

// each calls use with the members of a source, in the order of their bytes.
func (s source) each(members []part.Member, body io.Reader, use func(source, part.Member, io.Reader) error) error {
	at := s.from
	for _, m := range members {
		if m.Offset < at {
			return fmt.Errorf("%w: the members of a part overlap", ErrIncomplete)
		}
		if _, err := io.CopyN(io.Discard, body, m.Offset-at); err != nil {
			return fmt.Errorf("archive: read a part: %w", err)
		}
		if err := use(s, m, io.LimitReader(body, m.Packed)); err != nil {
			return err
		}
		at = m.Offset + m.Packed
	}
	return nil
}
