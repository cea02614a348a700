package export

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/rightsdesk/rightsdesk/shared/store"
)

const (
	fetchAhead  = 4        // members that are read at the same time
	fetchMemory = 16 << 20 // bytes that they may take together
	fetchWhole  = 6 << 20  // a longer member is streamed when its turn comes
)

// openMember reads the uncompressed bytes of a member.
func openMember(ctx context.Context, st *store.Store, m member) (io.ReadCloser, error) {
	body, _, err := st.OpenBlob(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return nil, fmt.Errorf("export: read a part: %w", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpack(body), body}, nil
}

// fetched is a member that was read ahead, or, with a nil body, one that is to be streamed.
type fetched struct {
	body []byte
	err  error
}

// fetch calls use with the packed bytes of each member in order, while the next ones are being read.
func fetch(ctx context.Context, st *store.Store, all []member, use func(i int, packed io.Reader) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	memory := semaphore.NewWeighted(fetchMemory)
	ready := make([]chan fetched, len(all))
	for i := range ready {
		ready[i] = make(chan fetched, 1)
	}
	turn := make(chan struct{}, fetchAhead)
	running.Go(func() {
		for i, m := range all {
			select {
			case turn <- struct{}{}:
			case <-ctx.Done():
				return
			}
			if m.Packed > fetchWhole {
				ready[i] <- fetched{}
				continue
			}
			if memory.Acquire(ctx, m.Packed) != nil {
				return
			}
			running.Go(func() { ready[i] <- read(ctx, st, m) })
		}
	})
	for i, m := range all {
		var f fetched
		select {
		case f = <-ready[i]:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := pass(ctx, st, m, f, func(packed io.Reader) error { return use(i, packed) }); err != nil {
			return err
		}
		if f.body != nil {
			memory.Release(m.Packed)
		}
		<-turn
	}
	return nil
}

// read reads a whole member.
func read(ctx context.Context, st *store.Store, m member) fetched {
	body, _, err := st.OpenBlob(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return fetched{err: fmt.Errorf("export: read a part: %w", err)}
	}
	defer func() { _ = body.Close() }()
	buf := make([]byte, m.Packed)
	if _, err := io.ReadFull(body, buf); err != nil {
		return fetched{err: fmt.Errorf("export: read a part: %w", err)}
	}
	return fetched{body: buf}
}

// pass hands a member on.
func pass(ctx context.Context, st *store.Store, m member, f fetched, use func(io.Reader) error) error {
	if f.err != nil {
		return f.err
	}
	if f.body != nil {
		return use(bytes.NewReader(f.body))
	}
	body, _, err := st.OpenBlob(ctx, m.Ref, m.Offset, m.Packed)
	if err != nil {
		return fmt.Errorf("export: read a part: %w", err)
	}
	defer func() { _ = body.Close() }()
	return use(body)
}
