package part

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	// At level 1 it is twice as fast as compress/flate, measured on directory records.
	"github.com/klauspost/compress/flate"
)

// partType is the content type of a stored part: deflated bytes, which are read only as part
// of an archive.
const partType = "application/octet-stream"

// packer makes one member: a finished raw deflate stream, with the sums that the archive and
// the manifest need.
type packer struct {
	body  bytes.Buffer
	flate *flate.Writer
	crc   hash.Hash32
	sha   hash.Hash
	bytes int64
}

func newPacker() *packer {
	p := &packer{crc: crc32.NewIEEE(), sha: sha256.New()}
	p.flate, _ = flate.NewWriter(&p.body, flate.BestSpeed) // fails only for an unknown level
	return p
}

func (p *packer) Write(b []byte) (int, error) {
	_, _ = p.crc.Write(b) // hashes do not fail
	_, _ = p.sha.Write(b)
	p.bytes += int64(len(b))
	return p.flate.Write(b)
}

// finish ends the member and fills in its sums.
func (p *packer) finish(m *Member) error {
	if err := p.flate.Close(); err != nil {
		return fmt.Errorf("part: deflate: %w", err)
	}
	m.CRC, m.SHA256 = p.crc.Sum32(), hex.EncodeToString(p.sha.Sum(nil))
	m.Bytes, m.Packed = p.bytes, int64(p.body.Len())
	return nil
}

// reset begins a new member and drops what finish left in body.
func (p *packer) reset() {
	p.body.Reset()
	p.flate.Reset(&p.body)
	p.crc.Reset()
	p.sha.Reset()
	p.bytes = 0
}

// unpack reads the uncompressed bytes of a member.
func unpack(packed io.Reader) io.ReadCloser { return flate.NewReader(packed) }
