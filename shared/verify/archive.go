package verify

import (
	"archive/zip"
	"io"
)

// openArchive reads the directory of an archive. archive/zip keeps several times its length in memory and takes the whole archive for
// a directory where that says so: no more than limit bytes are read for it.
func openArchive(r io.ReaderAt, size, limit int64) (*zip.Reader, error) {
	b := &budget{r: r, left: limit, bound: true}
	z, err := zip.NewReader(b, size)
	b.bound = false
	return z, err
}

// budget reads up to a number of bytes while it is bound.
type budget struct {
	r     io.ReaderAt
	left  int64
	bound bool
}

// ReadAt implements io.ReaderAt.
func (b *budget) ReadAt(p []byte, off int64) (int, error) {
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
