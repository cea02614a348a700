package part

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rightsdesk/rightsdesk/shared/dsr"
	"github.com/rightsdesk/rightsdesk/shared/tenant"
)

var update = flag.Bool("update", false, "write the golden files anew")

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// whole is a part with three members, one of which holds no records.
func whole(t *testing.T) []byte {
	t.Helper()
	b := newBuilder()
	require.NoError(t, b.add(Member{Kind: "profile", Format: tenant.JSON, Type: mediaTypes[tenant.JSON], Number: 1, Records: 1}, text("[\n{\"id\":\"1\"}\n]\n")))
	require.NoError(t, b.add(Member{Kind: "photo", Format: "jpg", Type: "image/jpeg", Number: 1}, text("\xff\xd8\xff")))
	require.NoError(t, b.add(Member{Kind: "profile", Format: tenant.CSV, Type: mediaTypes[tenant.CSV], Number: 1, Records: 1}, text("id\r\n1\r\n")))
	end, err := ending(int64(b.body.Len()), b.members, []byte("sealed"))
	require.NoError(t, err)
	return append(b.body.Bytes(), end...)
}

// The form of a stored part. It is read for ever once there is a release.
func TestTheFormOfAPart(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "part-v1.txt")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(hex.Dump(whole(t))), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), hex.Dump(whole(t)))

	members, err := Members(Spec{}, dsr.Part{}, whole(t))
	require.NoError(t, err)
	require.Len(t, members, 3)
	for i, want := range []string{"[\n{\"id\":\"1\"}\n]\n", "\xff\xd8\xff", "id\r\n1\r\n"} {
		m := members[i]
		got, err := io.ReadAll(Unpack(bytes.NewReader(whole(t)[m.Offset : m.Offset+m.Packed])))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	require.Equal(t, "access/entra/photo-0001.jpg", members[1].Path("access", "entra"))
}

func TestAPartThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := whole(t)
	foot := len(good) - footerSize
	number := func(at int, n uint64) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint64(b[at:], n); return b }
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"nothing":                       func([]byte) []byte { return nil },
		"no footer":                     func(b []byte) []byte { return b[:foot] },
		"cut at the front":              func(b []byte) []byte { return b[1:] },
		"another magic":                 func(b []byte) []byte { b[foot] = 'x'; return b },
		"a later version":               func(b []byte) []byte { b[foot+len(magic)]++; return b },
		"a directory beyond the blob":   number(foot+16, 1<<63),
		"a directory at another place":  number(foot+16, 7),
		"a directory that is too long":  number(foot+24, 1<<40),
		"one byte of the directory":     func(b []byte) []byte { b[foot-3] ^= 1; return b },
		"a directory that is not JSON":  func([]byte) []byte { return forged("{") },
		"a member beyond the directory": func([]byte) []byte { return forged(`{"members":[` + member(`"offset":4,"packed":4`) + `]}`) },
		"a member before the blob":      func([]byte) []byte { return forged(`{"members":[` + member(`"offset":-1,"packed":4`) + `]}`) },
		"a member of a negative length": func([]byte) []byte { return forged(`{"members":[` + member(`"offset":0,"packed":-4`) + `]}`) },
		"a member that ends beyond 2^63": func([]byte) []byte {
			return forged(`{"members":[` + member(`"offset":4,"packed":9223372036854775807`) + `]}`)
		},
		"an extension with a slash": func([]byte) []byte {
			return forged(`{"members":[` + strings.Replace(member(`"offset":0,"packed":4`), `"json"`, `"/../"`, 1) + `]}`)
		},
	} {
		_, err := Members(Spec{}, dsr.Part{}, spoil(bytes.Clone(good)))
		require.ErrorIs(t, err, errForm, name)
	}
	_, err := Members(Spec{}, dsr.Part{}, forged(`{"members":[`+member(`"offset":0,"packed":4`)+`]}`))
	require.NoError(t, err, "the forged one is otherwise whole")
}

func member(where string) string {
	return `{"kind":"profile","format":"json","number":1,"sha256":"` + strings.Repeat("0", 64) + `",` + where + `}`
}

// forged is a part of four bytes with a directory that holds the text.
func forged(text string) []byte {
	end, _ := ending(4, nil, nil)
	var sized bytes.Buffer
	sized.WriteString("data" + text)
	foot := end[len(end)-footerSize:]
	binary.LittleEndian.PutUint32(foot[len(magic)+4:], crcOf(text))
	binary.LittleEndian.PutUint64(foot[24:], uint64(len(text)))
	sized.Write(foot)
	return sized.Bytes()
}

func crcOf(text string) uint32 { return crc32.ChecksumIEEE([]byte(text)) }
