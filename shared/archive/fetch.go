package archive

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/rightsdesk/rightsdesk/shared/part"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

const (
	fetchAhead = 3       // members that are read at the same time, each into a buffer
	fetchWhole = 6 << 20 // a longer member is streamed when its turn comes
)

// storedParts opens members where they are stored.
type storedParts struct {
	ctx context.Context // of the assembly: the index is written by a template, which passes none on
	st  *store.Store
}

// Open implements opener.
func (s storedParts) Open(m part.Member) (io.ReadCloser, error) { return part.Open(s.ctx, s.st, m) }

// fetched is a member that was read ahead, or, with a nil body, one that is to be streamed.
type fetched struct {
	body   []byte
	buffer []byte // that body lies in; it goes back when the member is done
	err    error
}

// fetch calls use with the packed bytes of each member in order, while the next members are
// being read. It uses the same buffers again and again: a new buffer for each member would be
// garbage that takes as much memory as everything else together.
func fetch(ctx context.Context, st *store.Store, all []part.Member, use func(i int, packed io.Reader) error) error {
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
		for i, m := range all {
			var buffer []byte
			select {
			case buffer = <-free:
			case <-ctx.Done():
				return
			}
			if m.Packed > fetchWhole {
				ready[i] <- fetched{buffer: buffer}
				continue
			}
			running.Go(func() { ready[i] <- read(ctx, st, m, buffer) })
		}
	})
	for i, m := range all {
		var f fetched
		select {
		case f = <-ready[i]:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := handOn(ctx, st, m, f, func(packed io.Reader) error { return use(i, packed) }); err != nil {
			return err
		}
		free <- f.buffer
	}
	return nil
}

// read reads a whole member into a buffer, or into a new one where it is too small.
func read(ctx context.Context, st *store.Store, m part.Member, buffer []byte) fetched {
	body, _, err := st.Blobs.Open(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return fetched{err: fmt.Errorf("archive: read a part: %w", err)}
	}
	defer func() { _ = body.Close() }()
	if int64(cap(buffer)) < m.Packed {
		const step = 256 << 10 // the next member is about as long
		buffer = make([]byte, (m.Packed+step-1)/step*step)
	}
	packed := buffer[:m.Packed]
	if _, err := io.ReadFull(body, packed); err != nil {
		return fetched{err: fmt.Errorf("archive: read a part: %w", err)}
	}
	return fetched{body: packed, buffer: buffer}
}

// handOn hands a member on.
func handOn(ctx context.Context, st *store.Store, m part.Member, f fetched, use func(io.Reader) error) error {
	if f.err != nil {
		return f.err
	}
	if f.body != nil {
		return use(bytes.NewReader(f.body))
	}
	body, _, err := st.Blobs.Open(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return fmt.Errorf("archive: read a part: %w", err)
	}
	defer func() { _ = body.Close() }()
	return use(body)
}
