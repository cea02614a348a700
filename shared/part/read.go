package part

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store"
)

// tailSize is how much of the end of a part is read to find its directory. The directory of 60
// kinds with four forms fits, and so does the whole part of an ordinary person.
const tailSize = 128 << 10

// ErrMissing says that a part that a task names is not stored, or is another one.
var ErrMissing = errors.New("part: a recorded part is missing")

// Read returns the members of a part, in the order of their bytes. It reads the end of the blob.
func Read(ctx context.Context, st *store.Store, spec Spec, p dsr.Part) ([]Member, error) {
	members, _, err := read(ctx, st, spec, p)
	return members, err
}

// Members returns the members of a part whose whole blob is given.
func Members(spec Spec, p dsr.Part, whole []byte) ([]Member, error) {
	f, err := readFooter(whole, int64(len(whole)))
	if err != nil {
		return nil, err
	}
	members, _, err := f.members(whole[f.offset:f.offset+f.length], spec.Ref(p))
	return members, err
}

func read(ctx context.Context, st *store.Store, spec Spec, p dsr.Part) ([]Member, directory, error) {
	from := max(0, p.Size-tailSize)
	tail, err := Range(ctx, st, spec, p, from, nil)
	if err != nil {
		return nil, directory{}, err
	}
	f, err := readFooter(tail, p.Size)
	if err != nil {
		return nil, directory{}, err
	}
	if f.offset < from {
		if tail, err = Range(ctx, st, spec, p, f.offset, nil); err != nil {
			return nil, directory{}, err
		}
		from = f.offset
	}
	return f.members(tail[f.offset-from:][:f.length], spec.Ref(p))
}

// Range reads a part from an offset to its end, into the buffer where that is large enough. It
// returns ErrMissing unless the blob is the one that was recorded.
func Range(ctx context.Context, st *store.Store, spec Spec, p dsr.Part, from int64, buffer []byte) ([]byte, error) {
	body, err := Stream(ctx, st, spec, p, from)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	if n := p.Size - from; int64(cap(buffer)) < n {
		buffer = make([]byte, n)
	}
	buffer = buffer[:p.Size-from]
	if _, err := io.ReadFull(body, buffer); err != nil {
		return nil, fmt.Errorf("part: read a part: %w", err)
	}
	return buffer, nil
}

// Stream opens a part at an offset, as Range reads it.
func Stream(ctx context.Context, st *store.Store, spec Spec, p dsr.Part, from int64) (io.ReadCloser, error) {
	body, info, err := st.Blobs.Open(ctx, spec.Ref(p), from, p.Size-from)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: part %d of task %s", ErrMissing, p.Seq, spec.Task)
	}
	if err != nil {
		return nil, fmt.Errorf("part: read a part: %w", err)
	}
	if info.ETag != p.ETag || info.Size != p.Size {
		_ = body.Close()
		return nil, fmt.Errorf("%w: part %d of task %s was changed", ErrMissing, p.Seq, spec.Task)
	}
	return body, nil
}
