package verify

import (
	"archive/zip"
	"errors"
	"io"
)

// errLimit says that a reader was asked for more than its limit.
var errLimit = errors.New("verify: longer than it may be")

// openArchive reads the directory of an archive and no more than limit bytes for it. The
// limit is needed because archive/zip keeps several times the directory's length in memory,
// and would take the whole archive for a directory if the archive said so.
func openArchive(r io.ReaderAt, size, limit int64) (*zip.Reader, error) {
	b := &boundedReaderAt{r: r, left: limit, bound: true}
	z, err := zip.NewReader(b, size)
	b.bound = false
	return z, err
}

// boundedReaderAt reads up to a number of bytes while it is bound.
type boundedReaderAt struct {
	r     io.ReaderAt
	left  int64
	bound bool
}

// ReadAt implements io.ReaderAt.
func (b *boundedReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if !b.bound {
		return b.r.ReadAt(p, off)
	}
	if int64(len(p)) > b.left {
		return 0, errLimit
	}
	n, err := b.r.ReadAt(p, off)
	b.left -= int64(n)
	return n, err
}

// boundedReader fails once more than limit bytes were read since the last mark.
type boundedReader struct {
	r           io.Reader
	limit, read int64
}

func (b *boundedReader) mark() { b.read = 0 }

// Read implements io.Reader.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.read >= b.limit {
		return 0, errLimit
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.limit-b.read)])
	b.read += int64(n)
	return n, err
}
