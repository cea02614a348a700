package part

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

// partType is the media type of a stored part, which is read only by this package.
const partType = "application/octet-stream"

// builder collects the members of one part: finished raw deflate streams, with the sums that the
// archive and the manifest need.
type builder struct {
	body    bytes.Buffer
	members []Member
	records int64     // in the JSON members, that being filled included
	json    int64     // uncompressed bytes of the JSON members, that being filled included
	since   time.Time // wall time of the first record

	open  bool // the last of members is being filled
	flate *flate.Writer
	crc   hash.Hash32
	sha   hash.Hash
}

func newBuilder() *builder {
	b := &builder{crc: crc32.NewIEEE(), sha: sha256.New()}
	b.flate, _ = flate.NewWriter(&b.body, flate.BestSpeed) // fails only for an unknown level
	return b
}

// begin begins a member. The one before must have ended.
func (b *builder) begin(m Member) {
	m.Offset = int64(b.body.Len())
	b.members, b.open = append(b.members, m), true
	b.flate.Reset(&b.body)
	b.crc.Reset()
	b.sha.Reset()
}

// last is the member that is being filled.
func (b *builder) last() *Member { return &b.members[len(b.members)-1] }

// kind is that of the last member. It is empty where there is none.
func (b *builder) kind() string {
	if len(b.members) == 0 {
		return ""
	}
	return b.last().Kind
}

// Write adds bytes to the member that is being filled.
func (b *builder) Write(p []byte) (int, error) {
	_, _ = b.crc.Write(p) // hashes do not fail
	_, _ = b.sha.Write(p)
	m := b.last()
	m.Bytes += int64(len(p))
	if m.Format == tenant.JSON {
		b.json += int64(len(p))
	}
	return b.flate.Write(p)
}

// end ends the member that is being filled, and fills in its sums.
func (b *builder) end() error {
	if err := b.flate.Close(); err != nil {
		return fmt.Errorf("part: deflate: %w", err)
	}
	m := b.last()
	m.CRC, m.SHA256 = b.crc.Sum32(), hex.EncodeToString(b.sha.Sum(nil))
	m.Packed = int64(b.body.Len()) - m.Offset
	b.open = false
	return nil
}

// add adds a whole member. A member may be any file, as its format and type say.
func (b *builder) add(m Member, write func(io.Writer) error) error {
	b.begin(m)
	if err := write(b); err != nil {
		return err
	}
	return b.end()
}

// packed returns the deflated bytes of a member. They stay as they are when members are added.
func (b *builder) packed(m Member) []byte { return b.body.Bytes()[m.Offset : m.Offset+m.Packed] }

// reset drops everything.
func (b *builder) reset() {
	b.body.Reset()
	b.members, b.records, b.json, b.since, b.open = b.members[:0], 0, 0, time.Time{}, false
}
