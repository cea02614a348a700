package part

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/store/blob"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

const (
	magic      = "rd-part\n"
	version    = 1
	footerSize = 32
	// maxDirectory is how long a directory may be: 60 kinds with four forms take 60 KiB.
	maxDirectory = 16 << 20
)

// errForm says that a blob among the parts is not what a sink writes.
var errForm = errors.New("part: a stored part cannot be read")

// directory is what a part says of itself.
type directory struct {
	Members []entry `json:"members"`
	Sealed  []byte  `json:"sealed"` // the state of the export after this part
}

// entry is a member as a directory has it.
type entry struct {
	Kind    string        `json:"kind"`
	Format  tenant.Format `json:"format"`
	Type    string        `json:"type"`
	Number  int           `json:"number"`
	Records int64         `json:"records,omitempty"`
	CRC32   uint32        `json:"crc32"`
	SHA256  string        `json:"sha256"`
	Bytes   int64         `json:"bytes"`
	Packed  int64         `json:"packed"`
	Offset  int64         `json:"offset"`
}

// ending returns what follows the packed members of a part: the directory and the footer.
func ending(offset int64, members []Member, sealed []byte) ([]byte, error) {
	d := directory{Members: make([]entry, len(members)), Sealed: sealed}
	for i, m := range members {
		d.Members[i] = entry{m.Kind, m.Format, m.Type, m.Number, m.Records, m.CRC, m.SHA256, m.Bytes, m.Packed, m.Offset}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("part: encode a directory: %w", err)
	}
	sum, length := crc32.ChecksumIEEE(text), uint64(len(text))
	out := append(text, magic...)
	out = binary.LittleEndian.AppendUint32(out, version)
	out = binary.LittleEndian.AppendUint32(out, sum)
	out = binary.LittleEndian.AppendUint64(out, uint64(offset))
	return binary.LittleEndian.AppendUint64(out, length), nil
}

// footer says where the directory of a part lies.
type footer struct {
	crc            uint32
	offset, length int64
}

// readFooter reads the last bytes of a part of size bytes.
func readFooter(tail []byte, size int64) (footer, error) {
	if len(tail) < footerSize || string(tail[len(tail)-footerSize:][:len(magic)]) != magic {
		return footer{}, fmt.Errorf("%w: it has no footer", errForm)
	}
	b := tail[len(tail)-footerSize+len(magic):]
	if v := binary.LittleEndian.Uint32(b); v != version {
		return footer{}, fmt.Errorf("%w: version %d, this program knows %d", errForm, v, version)
	}
	offset, length := binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
	if length > maxDirectory || offset != uint64(size)-footerSize-length {
		return footer{}, fmt.Errorf("%w: its directory is not before its footer", errForm)
	}
	return footer{crc: binary.LittleEndian.Uint32(b[4:]), offset: int64(offset), length: int64(length)}, nil
}

var extension = regexp.MustCompile(`^[0-9a-z]{1,8}$`)

// members reads the directory of a part.
func (f footer) members(text []byte, ref blob.Ref) ([]Member, directory, error) {
	var d directory
	if crc32.ChecksumIEEE(text) != f.crc || json.Unmarshal(text, &d) != nil {
		return nil, d, fmt.Errorf("%w: its directory is damaged", errForm)
	}
	out := make([]Member, len(d.Members))
	for i, e := range d.Members {
		inside := e.Offset >= 0 && e.Packed >= 0 && e.Packed <= f.offset && e.Offset <= f.offset-e.Packed
		if !inside || e.Bytes < 0 || e.Records < 0 || e.Number < 1 || !dsr.ValidName(e.Kind) || len(e.SHA256) != 64 || !extension.MatchString(string(e.Format)) {
			return nil, d, fmt.Errorf("%w: member %d", errForm, i+1)
		}
		out[i] = Member{
			Kind: e.Kind, Format: e.Format, Type: e.Type, Number: e.Number, Records: e.Records, CRC: e.CRC32, SHA256: e.SHA256,
			Bytes: e.Bytes, Packed: e.Packed, Ref: ref, Offset: e.Offset,
		}
	}
	return out, d, nil
}
